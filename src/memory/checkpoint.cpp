// Gradient checkpointing: the forward pass runs without recording, the backward pass runs it again and records.

#include "gsfit/memory/checkpoint.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ThreadLocalState.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

#include "gsfit/core/error.h"

namespace gsfit {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Fn = std::function<variable_list(const variable_list&)>;

at::Tensor random_state() {
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    const std::scoped_lock lock(generator.mutex());
    return generator.get_state();
}

void set_random_state(const at::Tensor& state) {
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    const std::scoped_lock lock(generator.mutex());
    generator.set_state(state);
}

/// While it lives, random numbers go on from `state`.
class RandomStateGuard {
public:
    explicit RandomStateGuard(const at::Tensor& state) { set_random_state(state); }
    RandomStateGuard(const RandomStateGuard&) = delete;
    RandomStateGuard& operator=(const RandomStateGuard&) = delete;
    ~RandomStateGuard() { set_random_state(before_); }

private:
    at::Tensor before_ = random_state();
};

/// Autocast keeps its casts of leaves until its end. The second run's inputs are leaves, and come after that end.
class NoAutocastCache {
public:
    NoAutocastCache() { at::autocast::set_autocast_cache_enabled(false); }
    NoAutocastCache(const NoAutocastCache&) = delete;
    NoAutocastCache& operator=(const NoAutocastCache&) = delete;
    ~NoAutocastCache() { at::autocast::set_autocast_cache_enabled(before_); }

private:
    bool before_ = at::autocast::is_autocast_cache_enabled();
};

std::vector<std::int64_t> versions_of(const variable_list& tensors) {
    std::vector<std::int64_t> versions;
    versions.reserve(tensors.size());
    for (const at::Tensor& tensor : tensors) versions.push_back(tensor.defined() ? tensor._version() : 0);
    return versions;
}

bool requires_grad(const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); }

/// One call of checkpoint(): all that the second run needs beside the inputs.
class Segment : public torch::CustomClassHolder {
public:
    Segment(Fn fn, const variable_list& inputs) : fn_(std::move(fn)), random_state_(random_state()) {
        inputs_.reserve(inputs.size());
        for (const at::Tensor& input : inputs) {
            const auto is_input = [&](const at::Tensor& other) { return other.is_same(input); };
            const auto first = std::find_if(inputs.begin(), inputs.end(), is_input) - inputs.begin();
            inputs_.push_back({requires_grad(input), static_cast<std::size_t>(first)});
        }
        thread_state_.set_grad_mode(true);
    }

    /// The first run. Outputs are handles of their own, for one that is an input, a view or captured has its history.
    variable_list run(const variable_list& inputs) {
        const auto versions = versions_of(inputs);
        variable_list outputs = fn_(inputs);
        if (versions_of(inputs) != versions) {
            throw Error("a function given to checkpoint() changed one of its inputs in place; let it change a clone");
        }
        for (at::Tensor& output : outputs) {
            if (!output.defined()) {
                throw Error("a function given to checkpoint() returned an undefined tensor; leave it out");
            }
            output = output.detach();
        }
        outputs_ = outputs.size();
        return outputs;
    }

    /// The second run, recorded from `leaves` on.
    [[nodiscard]] variable_list run_again(const variable_list& leaves) const {
        const at::ThreadLocalStateGuard as_before(thread_state_);
        const RandomStateGuard same_numbers(random_state_);
        const NoAutocastCache no_cache;
        variable_list outputs = fn_(leaves);
        if (outputs.size() != outputs_) {
            throw Error("a function given to checkpoint() returned " + std::to_string(outputs_) +
                        " tensors when it ran first and " + std::to_string(outputs.size()) +
                        " in the backward pass; it must do the same again");
        }
        return outputs;
    }

    /// The inputs, cut off from what computed them. One that stands there twice is one leaf, so that its gradient is
    /// added up in the order of plain autograd.
    [[nodiscard]] variable_list leaves_of(const variable_list& inputs) const {
        variable_list leaves(inputs.size());
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            if (!inputs[i].defined()) continue;
            const auto [needs_gradient, first] = inputs_[i];
            leaves[i] = first < i ? leaves[first] : inputs[i].detach().set_requires_grad(needs_gradient);
        }
        return leaves;
    }

    /// Of those inputs that need one; the others have no edge in the graph.
    [[nodiscard]] variable_list gradients_of(const variable_list& leaves) const {
        variable_list gradients;
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            if (!inputs_[i].needs_gradient) continue;
            gradients.push_back(inputs_[i].first == i ? leaves[i].grad() : at::Tensor());
        }
        return gradients;
    }

private:
    struct Input {
        bool needs_gradient;
        std::size_t first;  ///< index of the first input that is the same tensor
    };

    Fn fn_;
    at::Tensor random_state_;
    at::ThreadLocalState thread_state_;
    std::vector<Input> inputs_;
    std::size_t outputs_ = 0;  ///< how many
};

/// Throws when recorded operations of `outputs` begin at other leaves than these.
void refuse_captured(const variable_list& outputs, const variable_list& leaves) {
    std::vector<torch::autograd::Node*> ahead;
    std::unordered_set<torch::autograd::Node*> seen;
    const auto visit = [&](torch::autograd::Node* node) {
        if (node != nullptr && seen.insert(node).second) ahead.push_back(node);
    };
    for (const at::Tensor& output : outputs) visit(torch::autograd::impl::gradient_edge(output).function.get());
    while (!ahead.empty()) {
        torch::autograd::Node* node = ahead.back();
        ahead.pop_back();
        for (const auto& edge : node->next_edges()) visit(edge.function.get());
        const auto* leaf = dynamic_cast<torch::autograd::AccumulateGrad*>(node);
        const auto is_leaf = [&](const at::Tensor& tensor) { return tensor.is_same(leaf->variable); };
        if (leaf != nullptr && std::none_of(leaves.begin(), leaves.end(), is_leaf)) {
            throw Error(
                "a function given to checkpoint() captures a tensor that requires a gradient, which only a backward() "
                "of everything reaches; list the tensor among the inputs");
        }
    }
}

/// Adds to the leaves' gradients.
void differentiate(const variable_list& outputs, const variable_list& gradients, const variable_list& leaves) {
    variable_list roots;
    variable_list given;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!gradients[i].defined() || !requires_grad(outputs[i])) continue;
        roots.push_back(outputs[i]);
        given.push_back(gradients[i]);
    }
    if (roots.empty()) return;
    // The engine's name for: every leaf of the graph gets its gradient, not only those somebody asked for.
    if (!torch::autograd::Engine::get_default_engine().is_checkpoint_valid()) refuse_captured(roots, leaves);
    torch::autograd::backward(roots, given);
}

class CheckpointFunction : public torch::autograd::Function<CheckpointFunction> {
public:
    /// `differentiable`: the inputs that require a gradient, once more, to be the ends of edges in the graph.
    static variable_list forward(AutogradContext* context, at::TensorList /*differentiable*/,
                                 const variable_list& inputs, const c10::intrusive_ptr<Segment>& segment) {
        variable_list outputs = segment->run(inputs);
        context->save_for_backward(inputs);
        context->saved_data["segment"] = c10::IValue::make_capsule(segment);
        context->set_materialize_grads(false);
        return outputs;
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        if (at::GradMode::is_enabled()) {
            throw Error(
                "checkpoint() gives first derivatives only; leave create_graph out, or run the function without it");
        }
        const auto capsule = context->saved_data["segment"].toCapsule();
        const auto& segment = static_cast<const Segment&>(*capsule);
        const variable_list leaves = segment.leaves_of(context->get_saved_variables());
        differentiate(segment.run_again(leaves), gradients, leaves);
        variable_list results = segment.gradients_of(leaves);
        results.resize(results.size() + 2);  // for forward's other two arguments
        return results;
    }
};

}  // namespace

std::vector<at::Tensor> checkpoint(const Fn& fn, const std::vector<at::Tensor>& inputs) {
    variable_list differentiable;
    std::copy_if(inputs.begin(), inputs.end(), std::back_inserter(differentiable), requires_grad);
    if (!at::GradMode::is_enabled() || differentiable.empty()) return fn(inputs);
    return CheckpointFunction::apply(at::TensorList(differentiable), inputs, c10::make_intrusive<Segment>(fn, inputs));
}

at::Tensor checkpoint(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& fn,
                      const std::vector<at::Tensor>& inputs) {
    return checkpoint(Fn([fn](const variable_list& given) { return variable_list{fn(given)}; }), inputs)[0];
}

}  // namespace gsfit

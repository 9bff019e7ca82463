#include <ATen/CPUGeneratorImpl.h>
#include <ATen/autocast_mode.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <new>
#include <stdexcept>
#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/memory/checkpoint.h"
#include "unit/sentences.h"

namespace gsfit {
namespace {

using Tensors = std::vector<at::Tensor>;
using Fn = std::function<Tensors(const Tensors&)>;

at::Tensor numbers(at::IntArrayRef sizes, std::uint64_t seed) {
    return at::randn(sizes, at::detail::createCPUGenerator(seed));
}

at::Tensor leaf(at::IntArrayRef sizes, std::uint64_t seed) { return numbers(sizes, seed).set_requires_grad(true); }

at::Tensor leaf_like(const at::Tensor& tensor) {
    return tensor.detach().clone().set_requires_grad(tensor.requires_grad());
}

bool same(const at::Tensor& a, const at::Tensor& b) {
    return a.defined() == b.defined() && (!a.defined() || at::equal(a, b));
}

/// A sum over all outputs in which every element has a weight of its own.
at::Tensor weighted_sum(const Tensors& outputs) {
    at::Tensor sum = at::zeros({});
    for (const at::Tensor& output : outputs) {
        if (!output.is_floating_point()) continue;
        sum = sum + (output.to(at::kFloat) * at::arange(1, output.numel() + 1).view(output.sizes())).sum();
    }
    return sum;
}

struct Outcome {
    Tensors outputs, gradients;
};

/// The outputs of `segment` and the gradients of its inputs, which are copies of these. Copies of one tensor are one.
Outcome outcome_of(const Fn& segment, const Tensors& inputs) {
    Tensors copies(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (inputs[i].defined() && inputs[i].is_same(inputs[j])) copies[i] = copies[j];
        }
        if (inputs[i].defined() && !copies[i].defined()) copies[i] = leaf_like(inputs[i]);
    }
    Outcome outcome{.outputs = segment(copies), .gradients = {}};
    at::rand({3});  // so that the random state of the second run is not that of the first by chance
    weighted_sum(outcome.outputs).backward();
    for (const at::Tensor& copy : copies) outcome.gradients.push_back(copy.defined() ? copy.grad() : at::Tensor());
    return outcome;
}

void expect_same(const Tensors& expected, const Tensors& found) {
    ASSERT_EQ(expected.size(), found.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(same(expected[i], found[i])) << i;
}

/// checkpoint(fn) gives the outputs and gradients of fn, and leaves the random state as fn does.
void expect_transparent(const Fn& fn, const Tensors& inputs) {
    const auto generator = at::detail::getDefaultCPUGenerator();
    const at::Tensor before = generator.get_state();
    const Outcome plain = outcome_of(fn, inputs);
    const at::Tensor after = generator.get_state();
    at::Generator(generator).set_state(before);
    const Outcome checkpointed = outcome_of([&](const Tensors& given) { return checkpoint(fn, given); }, inputs);
    expect_same(plain.outputs, checkpointed.outputs);
    expect_same(plain.gradients, checkpointed.gradients);
    EXPECT_TRUE(at::equal(after, generator.get_state()));
}

Tensors products(const Tensors& x) { return {(x[0] * x[1]).sin(), (x[0] + x[1]).exp() * x[1]}; }

TEST(Checkpoint, HasTheGradientsOfPlainAutograd) { expect_transparent(products, {leaf({5, 3}, 1), leaf({5, 3}, 2)}); }

TEST(Checkpoint, TakesInputsWithoutGradientAndUndefinedOnes) {
    const Fn fn = [](const Tensors& x) {
        EXPECT_FALSE(x[1].requires_grad());
        EXPECT_FALSE(x[2].defined());
        return Tensors{(x[0] * x[1]).cos() * x[3].to(at::kFloat)};
    };
    expect_transparent(fn, {leaf({4}, 1), numbers({4}, 2), at::Tensor(), at::arange(4)});
}

TEST(Checkpoint, TakesResultsOfOtherOperations) {
    at::Tensor plain = leaf({6}, 1);
    at::Tensor checkpointed = leaf({6}, 1);
    weighted_sum(products({plain.sin(), plain.exp()})).backward();
    weighted_sum(checkpoint(products, {checkpointed.sin(), checkpointed.exp()})).backward();
    EXPECT_TRUE(same(plain.grad(), checkpointed.grad()));
}

TEST(Checkpoint, ReturnsIntegerAndConstantOutputs) {
    const Fn fn = [](const Tensors& x) { return Tensors{x[0].argsort(), x[0].detach() * 2, x[0] * 3}; };
    expect_transparent(fn, {leaf({7}, 1)});
    EXPECT_FALSE(checkpoint(fn, {leaf({7}, 1)})[0].requires_grad());
}

TEST(Checkpoint, NoGradientFlowsThroughConstants) {
    at::Tensor x = leaf({3}, 1);
    checkpoint(Fn([](const Tensors& given) { return Tensors{given[0].detach() * 2}; }), {x})[0].sum().backward();
    EXPECT_FALSE(x.grad().defined());
}

TEST(Checkpoint, ReturnsInputsUnchangedViewsAndRepeats) {
    const Fn fn = [](const Tensors& x) {
        const at::Tensor product = x[0] * x[0];
        return Tensors{x[0], x[1], x[0].view({-1}), x[0].slice(0, 1, 2), product, product};
    };
    const at::Tensor constant = numbers({3}, 2);
    expect_transparent(fn, {leaf({2, 3}, 1), constant});
    checkpoint(fn, {leaf({2, 3}, 1), constant});
    EXPECT_FALSE(constant.requires_grad());
}

TEST(Checkpoint, LeavesCapturedConstantsAlone) {
    const at::Tensor captured = numbers({3}, 2);
    const at::Tensor x = leaf({3}, 1);
    checkpoint(Fn([&](const Tensors& given) { return Tensors{captured, given[0] * captured}; }), {x});
    EXPECT_FALSE(captured.requires_grad());
}

TEST(Checkpoint, TakesATensorTwice) {
    const at::Tensor x = leaf({5}, 1);
    expect_transparent(products, {x, x});
    const Fn after_another = [](const Tensors& given) {
        const at::Tensor y = given[0].sin();
        return checkpoint(products, {y, y});
    };
    const Fn plain = [](const Tensors& given) {
        const at::Tensor y = given[0].sin();
        return products({y, y});
    };
    expect_same(outcome_of(plain, {x}).gradients, outcome_of(after_another, {x}).gradients);
}

TEST(Checkpoint, UsesOnlyTheOutputsThatReachTheLoss) {
    const Fn fn = [](const Tensors& x) { return Tensors{x[0].sin(), (x[1] * x[1]).exp()}; };
    const Fn second_of = [&](const Tensors& x) { return Tensors{checkpoint(fn, x)[1]}; };
    const Tensors inputs{leaf({5}, 1), leaf({5}, 2)};
    const Tensors plain = outcome_of([&](const Tensors& x) { return Tensors{fn(x)[1]}; }, inputs).gradients;
    EXPECT_FALSE(plain[0].defined());
    expect_same(plain, outcome_of(second_of, inputs).gradients);
}

TEST(Checkpoint, HasAFormForOneOutput) {
    const at::Tensor x = leaf({5}, 1);
    const at::Tensor y = checkpoint([](const Tensors& given) { return given[0].sin(); }, {x});
    y.sum().backward();
    EXPECT_TRUE(same(x.grad(), x.detach().cos()));
}

TEST(Checkpoint, DrawsTheSameRandomNumbersAgain) {
    // 17 normal numbers: an odd count leaves one in the generator's cache.
    const Fn fn = [](const Tensors& x) { return Tensors{x[0] * at::rand({17}) * at::randn({17})}; };
    expect_transparent(fn, {leaf({17}, 1)});
    const Fn between = [&](const Tensors& x) {
        Tensors outputs = checkpoint(fn, x);
        at::rand({1000});
        return checkpoint(fn, outputs);
    };
    const Fn plain = [&](const Tensors& x) {
        Tensors outputs = fn(x);
        at::rand({1000});
        return fn(outputs);
    };
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    const at::Tensor state = generator.get_state();
    const Outcome expected = outcome_of(plain, {leaf({17}, 1)});
    generator.set_state(state);
    const Outcome found = outcome_of(between, {leaf({17}, 1)});
    expect_same(expected.gradients, found.gradients);
}

TEST(Checkpoint, Nests) {
    const Fn inner = [](const Tensors& x) { return Tensors{x[0] * at::rand({5}) * x[1], x[0].sin()}; };
    const Fn plain = [&](const Tensors& x) { return inner(products(inner(x))); };
    const Fn nested = [&](const Tensors& x) { return checkpoint(inner, checkpoint(products, checkpoint(inner, x))); };
    const Tensors inputs{leaf({5}, 1), leaf({5}, 2)};
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    const at::Tensor state = generator.get_state();
    const Outcome expected = outcome_of(plain, inputs);
    generator.set_state(state);
    const Outcome found = outcome_of([&](const Tensors& x) { return checkpoint(nested, x); }, inputs);
    expect_same(expected.outputs, found.outputs);
    expect_same(expected.gradients, found.gradients);
}

/// Deeper than the engine goes before it takes another thread.
TEST(Checkpoint, NestsDeeply) {
    const std::function<at::Tensor(int, const at::Tensor&)> nest = [&](int depth, const at::Tensor& x) {
        if (depth == 0) return x.sin();
        return checkpoint([&nest, depth](const Tensors& given) { return nest(depth - 1, given[0] * 1.01); }, {x});
    };
    at::Tensor x = leaf({3}, 1);
    at::Tensor plain = leaf({3}, 1);
    nest(70, x).sum().backward();
    at::Tensor y = plain;
    for (int i = 0; i < 70; ++i) y = y * 1.01;
    y.sin().sum().backward();
    EXPECT_TRUE(same(plain.grad(), x.grad()));
}

struct Autocast {
    Autocast() {
        at::autocast::set_autocast_enabled(at::kCPU, true);
        at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    }
    Autocast(const Autocast&) = delete;
    Autocast& operator=(const Autocast&) = delete;
    ~Autocast() {
        at::autocast::clear_cache();
        at::autocast::set_autocast_enabled(at::kCPU, false);
        at::autocast::set_autocast_dtype(at::kCPU, dtype_);
    }

private:
    at::ScalarType dtype_ = at::autocast::get_autocast_dtype(at::kCPU);
};

Tensors multiplied(const Tensors& x) { return {at::mm(x[0], x[1]).tanh()}; }

TEST(Checkpoint, KeepsAutocastForTheSecondRun) {
    std::vector<Tensors> gradients;
    for (const bool checkpointed : {false, true}) {
        const Tensors inputs{leaf({4, 4}, 1), leaf({4, 4}, 2)};
        at::Tensor sum;
        {
            const Autocast autocast;
            const Tensors outputs = checkpointed ? checkpoint(multiplied, inputs) : multiplied(inputs);
            EXPECT_EQ(outputs[0].scalar_type(), at::kBFloat16);
            sum = weighted_sum(outputs);
        }
        sum.backward();
        EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
        EXPECT_TRUE(at::autocast::is_autocast_cache_enabled());
        gradients.push_back({inputs[0].grad(), inputs[1].grad()});
    }
    expect_same(gradients[0], gradients[1]);
}

TEST(Checkpoint, JustRunsWithoutGradients) {
    int runs = 0;
    const Fn fn = [&](const Tensors& x) {
        ++runs;
        return Tensors{x[0] * 2, at::Tensor()};
    };
    EXPECT_FALSE(checkpoint(fn, {numbers({3}, 1)})[0].requires_grad());
    EXPECT_TRUE(checkpoint(fn, {numbers({3}, 1)})[0].grad_fn() == nullptr);
    {
        const at::NoGradGuard no_grad;
        EXPECT_FALSE(checkpoint(fn, {leaf({3}, 1)})[0].requires_grad());
    }
    EXPECT_EQ(runs, 3);
    EXPECT_TRUE(at::GradMode::is_enabled());
}

TEST(Checkpoint, RecordsOnlyInTheSecondRun) {
    std::vector<bool> recorded;
    at::Tensor x = leaf({3}, 1);
    checkpoint(
        [&](const Tensors& given) {
            recorded.push_back(at::GradMode::is_enabled());
            return given[0] * 2;
        },
        {x})
        .sum()
        .backward();
    EXPECT_EQ(recorded, (std::vector<bool>{false, true}));
}

/// The random state and the modes of this thread, which must survive an exception.
struct ThreadModes {
    at::Tensor random = at::detail::getDefaultCPUGenerator().get_state();
    bool records = at::GradMode::is_enabled();
    bool autocast_cache = at::autocast::is_autocast_cache_enabled();
};

void expect_same(const ThreadModes& expected) {
    const ThreadModes found;
    EXPECT_TRUE(at::equal(expected.random, found.random));
    EXPECT_EQ(expected.records, found.records);
    EXPECT_EQ(expected.autocast_cache, found.autocast_cache);
}

TEST(Checkpoint, PassesExceptionsOn) {
    int runs = 0;
    int failing_run = 1;
    at::Tensor x = leaf({3}, 1);
    const Fn fn = [&](const Tensors& given) {
        if (++runs == failing_run) throw std::bad_alloc();
        return Tensors{given[0].sin()};
    };
    const ThreadModes before;
    EXPECT_THROW(checkpoint(fn, {x}), std::bad_alloc);
    expect_same(before);

    failing_run = 3;
    const at::Tensor sum = checkpoint(fn, {x})[0].sum();
    EXPECT_THROW(sum.backward({}, true), std::bad_alloc);
    expect_same(before);
    EXPECT_FALSE(x.grad().defined());
    sum.backward();
    EXPECT_TRUE(same(x.grad(), x.detach().cos()));
}

TEST(Checkpoint, RestoresTheRandomStateAfterAnException) {
    bool failing = false;
    at::Tensor x = leaf({3}, 1);
    const at::Tensor y = checkpoint(
        [&](const Tensors& given) {
            const at::Tensor drawn = at::rand({3});
            if (failing) throw std::runtime_error("no");
            return given[0] * drawn;
        },
        {x});
    failing = true;
    at::rand({5});
    const ThreadModes before;
    EXPECT_THROW(y.sum().backward(), std::runtime_error);
    expect_same(before);
}

TEST(Checkpoint, RefusesSecondDerivatives) {
    const at::Tensor x = leaf({3}, 1);
    const at::Tensor sum = checkpoint([](const Tensors& given) { return given[0].sin(); }, {x}).sum();
    expect_contains(sentence_of<Error>([&] { torch::autograd::grad({sum}, {x}, {}, true, true); }), "create_graph");
}

TEST(Checkpoint, RefusesFunctionsThatChangeTheirInputs) {
    const at::Tensor x = leaf({3}, 1);
    const at::Tensor counter = at::zeros({});
    expect_contains(sentence_of<Error>([&] {
                        checkpoint(
                            [](const Tensors& given) {
                                given[1].add_(1);
                                return given[0] * given[1];
                            },
                            {x, counter});
                    }),
                    "in place");
}

/// What autograd checks of the tensors it saves.
TEST(Checkpoint, RefusesInputsThatChangedInBetween) {
    const at::Tensor x = leaf({3}, 1);
    const at::Tensor factor = at::ones({3});
    const at::Tensor sum = checkpoint([](const Tensors& given) { return given[0] * given[1]; }, {x, factor}).sum();
    factor.mul_(2);
    EXPECT_THROW(sum.backward(), c10::Error);
}

TEST(Checkpoint, RefusesUndefinedOutputs) {
    const at::Tensor x = leaf({3}, 1);
    const auto fn = [](const Tensors&) { return at::Tensor(); };
    expect_contains(sentence_of<Error>([&] { checkpoint(fn, {x}); }), "undefined");
}

TEST(Checkpoint, RefusesAnotherNumberOfOutputs) {
    std::size_t outputs = 0;
    const at::Tensor x = leaf({3}, 1);
    const Tensors y = checkpoint(Fn([&](const Tensors& given) { return Tensors(++outputs, given[0] * 2); }), {x});
    expect_contains(sentence_of<Error>([&] { y[0].sum().backward(); }), "returned 1 tensors when it ran first and 2");
}

TEST(Checkpoint, GivesGradientsOfListedInputsAlone) {
    const Tensors x{leaf({3}, 1), leaf({3}, 2)};
    const Tensors plain = torch::autograd::grad({weighted_sum(products(x))}, x);
    expect_same(plain, torch::autograd::grad({weighted_sum(checkpoint(products, x))}, x));
    EXPECT_FALSE(x[0].grad().defined());
}

TEST(Checkpoint, AddsToTheGradientsOfCapturedLeaves) {
    const at::Tensor x = leaf({3}, 1);
    const at::Tensor weight = leaf({3}, 2);
    weight.mutable_grad() = at::ones({3});
    checkpoint([&](const Tensors& given) { return given[0] * weight; }, {x}).sum().backward();
    EXPECT_TRUE(same(weight.grad(), x.detach() + 1));
    EXPECT_TRUE(same(x.grad(), weight.detach()));
}

TEST(Checkpoint, AddsToTheGradientsBehindCapturedResults) {
    const at::Tensor x = leaf({3}, 1);
    const at::Tensor weight = leaf({3}, 2);
    const at::Tensor result = weight * 2;
    checkpoint([&](const Tensors& given) { return given[0] * result; }, {x}).sum().backward();
    EXPECT_TRUE(same(weight.grad(), x.detach() * 2));
}

TEST(Checkpoint, RefusesCapturedLeavesWhereTheirGradientsGoNowhere) {
    const at::Tensor x = leaf({3}, 1);
    const at::Tensor weight = leaf({3}, 2);
    const Fn inner = [&](const Tensors& given) { return Tensors{given[0] * weight}; };
    const Fn outer = [&](const Tensors& given) { return checkpoint(inner, given); };
    for (const Fn& fn : {inner, outer}) {
        const auto sum = [&] { return checkpoint(fn, {x})[0].sum(); };
        expect_contains(sentence_of<Error>([&] { torch::autograd::grad({sum()}, {x}); }), "list the tensor");
        expect_contains(sentence_of<Error>([&] { sum().backward({}, {}, false, Tensors{x}); }), "list the tensor");
        EXPECT_FALSE(weight.grad().defined());
    }
}

/// Counts the bytes of tensors on the CPU while it lives; there is one at a time.
class CountingAllocator final : public c10::Allocator {
public:
    CountingAllocator() {
        live_bytes = peak_bytes = 0;
        c10::SetCPUAllocator(this, 1);
    }
    CountingAllocator(const CountingAllocator&) = delete;
    CountingAllocator& operator=(const CountingAllocator&) = delete;
    ~CountingAllocator() override { c10::SetCPUAllocator(before_, 1); }

    c10::DataPtr allocate(std::size_t bytes) override {
        char* block = static_cast<char*>(::operator new(header + bytes, std::align_val_t(header)));
        *reinterpret_cast<std::size_t*>(block) = bytes;
        live_bytes += bytes;
        peak_bytes = std::max(peak_bytes, live_bytes);
        return {block + header, block + header, &release, at::kCPU};
    }
    void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
    [[nodiscard]] c10::DeleterFnPtr raw_deleter() const override { return &release; }

    [[nodiscard]] static std::size_t live() { return live_bytes; }
    [[nodiscard]] static std::size_t peak() { return peak_bytes; }

private:
    static constexpr std::size_t header = 64;
    static inline std::size_t live_bytes = 0;
    static inline std::size_t peak_bytes = 0;

    static void release(void* data) {
        if (data == nullptr) return;
        char* block = static_cast<char*>(data) - header;
        live_bytes -= *reinterpret_cast<std::size_t*>(block);
        ::operator delete(block, std::align_val_t(header));
    }

    c10::Allocator* before_ = c10::GetCPUAllocator();
};

TEST(Checkpoint, LeavesNoCastsToAutocast) {
    const CountingAllocator memory;
    const Tensors inputs{leaf({64, 64}, 1), leaf({64, 64}, 2)};
    const std::size_t gradients = CountingAllocator::live();  // as large as the inputs
    at::Tensor sum;
    {
        const Autocast autocast;
        sum = weighted_sum(checkpoint(multiplied, inputs));
    }
    const std::size_t before = CountingAllocator::live();
    sum.backward();
    EXPECT_LE(CountingAllocator::live(), before + gradients);
}

struct ChainCosts {
    std::size_t held, peak;  ///< [tensors] before the backward pass, and at most, beside the chain's input
    std::vector<float> gradient;
};

constexpr std::size_t segments = 10;
constexpr std::size_t operations = 8;

ChainCosts costs_of_chain(bool checkpointed) {
    constexpr std::size_t elements = 1 << 16;
    const auto segment = [](const Tensors& given) {
        at::Tensor y = given[0];
        for (std::size_t i = 0; i < operations; ++i) y = y.sin();  // each keeps its input
        return y;
    };
    const CountingAllocator memory;
    const at::Tensor x = leaf({elements}, 1);
    const std::size_t start = CountingAllocator::live();
    const auto tensors = [&](std::size_t bytes) { return (bytes - start) / (elements * sizeof(float)); };
    at::Tensor y = x;
    for (std::size_t i = 0; i < segments; ++i) y = checkpointed ? checkpoint(segment, {y}) : segment({y});
    const std::size_t held = CountingAllocator::live();
    y.sum().backward();
    const float* gradient = x.grad().const_data_ptr<float>();
    return {tensors(held), tensors(CountingAllocator::peak()), {gradient, gradient + elements}};
}

TEST(Checkpoint, KeepsOnlyOneSegmentsActivations) {
    const ChainCosts plain = costs_of_chain(false);
    const ChainCosts checkpointed = costs_of_chain(true);
    EXPECT_EQ(plain.held, segments * operations);
    EXPECT_EQ(checkpointed.held, segments);  // the segments' inputs, the first of which is x, and the output
    EXPECT_GE(plain.peak, segments * operations);
    EXPECT_LE(checkpointed.peak, segments + operations + 3);  // 3: gradients on their way
    EXPECT_EQ(plain.gradient, checkpointed.gradient);
}

}  // namespace
}  // namespace gsfit

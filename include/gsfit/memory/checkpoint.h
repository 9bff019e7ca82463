#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace gsfit {

/// Gradient checkpointing (Chen et al., 2016, arXiv:1604.06174): fn(inputs), of whose intermediate results nothing is
/// kept for the backward pass. That pass runs fn once more, so fn is to compute the same again: anything but tensors is
/// captured by fn, and copied with it. Of a chain of k calls, memory holds the k inputs and one call's intermediates.
///
/// - Gradients have the bits of plain autograd. Inputs may be undefined, need no gradient, or stand there twice;
/// outputs
///   may be integer, or inputs unchanged. Every floating output says that it requires a gradient, since what it depends
///   on is not recorded; where it depends on no input, none flows.
/// - The second run sees the first one's thread-local state (autocast among it) and its random numbers of LibTorch's
/// CPU
///   generator, whose own state it leaves alone.
/// - When no input requires a gradient, or gradients are not recorded, this is fn(inputs).
/// - Tensors that fn captures: backward() adds to the gradients of leaves as ever. autograd::grad(), or backward()
/// given
///   inputs, throws Error when fn captures a tensor that requires a gradient: it belongs among the inputs. So does a
///   captured result of recorded operations that is used elsewhere too, since the second run's backward frees its
///   graph.
/// - Throws Error when fn changes an input in place or returns an undefined tensor; in the backward pass, when a
///   derivative of the gradient is asked for (create_graph), or when fn returns another number of outputs than before.
///   Exceptions of fn pass through, from both runs, and leave all state as it was.
std::vector<at::Tensor> checkpoint(const std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>&)>& fn,
                                   const std::vector<at::Tensor>& inputs);

/// The same for one output.
at::Tensor checkpoint(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& fn,
                      const std::vector<at::Tensor>& inputs);

}  // namespace gsfit

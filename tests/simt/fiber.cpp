#include "simt/fiber.h"

#include <pthread.h>
#include <sys/mman.h>

#include <new>

#include "simt/sanitizer.h"

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace simt {
namespace {

constexpr std::size_t guard_bytes = 4096;
constexpr std::size_t stack_bytes = 256 << 10;

void (*entry_of_new)();  // of the fiber that is being entered

[[noreturn]] void enter() {
    enter_stack(nullptr);
    entry_of_new();
    __builtin_trap();
}

}  // namespace

#if defined(__x86_64__)

// Pushes what a function must keep, changes stacks, and pops that of the other: 15 times faster than swapcontext, which
// asks the kernel about signals.
extern "C" void simt_switch(void** left, void* entered);
asm(R"(
    .text
    .globl simt_switch
    .type simt_switch, @function
simt_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size simt_switch, . - simt_switch
)");

namespace {

void* make_context(const void*, unsigned char* top) {
    auto** slot = reinterpret_cast<void**>(top);
    *--slot = nullptr;  // where enter() would return to; keeps its frame aligned
    *--slot = reinterpret_cast<void*>(enter);
    for (int saved = 0; saved < 6; ++saved) *--slot = nullptr;
    return slot;
}

void* own_context() { return nullptr; }
void free_context(void*) {}
void switch_context(void** from, void* to) { simt_switch(from, to); }

}  // namespace

#else

namespace {

void* own_context() { return new ucontext_t(); }

void* make_context(const void* bottom, unsigned char* top) {
    auto* context = new ucontext_t();
    getcontext(context);
    context->uc_stack.ss_sp = const_cast<void*>(bottom);
    context->uc_stack.ss_size = top - static_cast<const unsigned char*>(bottom);
    makecontext(context, enter, 0);
    return context;
}

void free_context(void* context) { delete static_cast<ucontext_t*>(context); }
void switch_context(void** from, void* to) {
    swapcontext(static_cast<ucontext_t*>(*from), static_cast<ucontext_t*>(to));
}

}  // namespace

#endif

Fiber::Fiber() : context_(own_context()) {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    void* stack = nullptr;
    pthread_attr_getstack(&attributes, &stack, &bytes_);
    stack_ = stack;
    pthread_attr_destroy(&attributes);
}

Fiber::Fiber(void (*entry)(), unsigned number) : entry_(entry) {
    void* const mapping = mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    mapping_ = static_cast<unsigned char*>(mapping);
    mprotect(mapping_, guard_bytes, PROT_NONE);
    stack_ = mapping_ + guard_bytes;
    bytes_ = stack_bytes;
    // Equal places in all the stacks would share one set of the L1 cache.
    context_ = make_context(stack_, mapping_ + guard_bytes + stack_bytes - number % 61 * 64);
}

Fiber::~Fiber() {
    free_context(context_);
    if (!mapping_) return;
    unpoison(mapping_, guard_bytes + stack_bytes);
    munmap(mapping_, guard_bytes + stack_bytes);
}

void Fiber::switch_to(Fiber& from, Fiber& to) {
    entry_of_new = to.entry_;
    leave_stack(&from.fake_stack_, to.stack_, to.bytes_);
    switch_context(&from.context_, to.context_);
    enter_stack(from.fake_stack_);
}

bool Fiber::holds(const void* address) const {
    return static_cast<std::size_t>(static_cast<const char*>(address) - static_cast<const char*>(stack_)) < bytes_;
}

}  // namespace simt

#include "image/row_writer.h"

#include <new>

#include "gsfit/core/error.h"

namespace gsfit {

bool EncodedFile::write(const void* bytes, std::size_t size) noexcept {
    try {
        target_.file.write({static_cast<const std::byte*>(bytes), size});
        return true;
    } catch (...) {
        failure_ = std::current_exception();
        return false;
    }
}

bool EncodedFile::seek(std::uint64_t position) noexcept {
    try {
        target_.file.seek(position);
        return true;
    } catch (...) {
        failure_ = std::current_exception();
        return false;
    }
}

void EncodedFile::fail(const std::string& report, bool out_of_memory) const {
    if (failure_) std::rethrow_exception(failure_);
    if (out_of_memory) throw std::bad_alloc();
    throw OutputError("cannot write '" + target_.path.string() + "': the encoder failed (" + report +
                      "); try another format");
}

}  // namespace gsfit

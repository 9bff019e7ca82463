#include "image/pixel_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "gsfit/core/error.h"

namespace gsfit {
namespace {

[[noreturn]] void refuse_folder(const std::filesystem::path& folder, std::size_t bytes, int error) {
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    throw OutputError("cannot keep an image in '" + folder.string() + "': " + std::generic_category().message(error) +
                      "; " + (full ? "make room for its " + std::to_string(bytes) + " bytes there" : "check it") +
                      " or name another folder");
}

/// A new file without a name.
int create_file(const std::filesystem::path& folder, std::size_t bytes) {
    std::string name = (folder / ".gsfit-XXXXXX.tmp").string();
    const int file = ::mkostemps(name.data(), 4, O_CLOEXEC);
    if (file < 0) refuse_folder(folder, bytes, errno);
    ::unlink(name.c_str());
    return file;
}

/// Reserves the file's blocks and maps it. Throws OutputError.
std::byte* map_file(int file, const std::filesystem::path& folder, std::size_t bytes) {
    int error = 0;
    do {
        error = ::posix_fallocate(file, 0, static_cast<off_t>(bytes));
    } while (error == EINTR);
    if (error != 0) refuse_folder(folder, bytes, error);
    void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (data == MAP_FAILED && errno == ENOMEM) throw std::bad_alloc();
    if (data == MAP_FAILED) refuse_folder(folder, bytes, errno);
    return static_cast<std::byte*>(data);
}

std::uintptr_t page_floor(std::uintptr_t address) {
    return address & ~(static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE)) - 1);
}

}  // namespace

PixelMemory::PixelMemory(std::size_t bytes, const std::filesystem::path& folder) : bytes_(bytes), folder_(folder) {
    if (folder.empty()) {
        // malloc: untouched pages of a large block cost nothing, and realloc gives the tail back in place.
        data_ = static_cast<std::byte*>(std::malloc(bytes));
        if (data_ == nullptr) throw std::bad_alloc();
        return;
    }
    file_ = create_file(folder, bytes);
    try {
        data_ = map_file(file_, folder, bytes);
    } catch (...) {
        ::close(file_);
        throw;
    }
}

PixelMemory::~PixelMemory() {
    if (in_file()) {
        ::munmap(data_, bytes_);
        ::close(file_);
    } else {
        std::free(data_);
    }
}

void PixelMemory::shrink(std::size_t bytes) {
    const std::size_t old = std::exchange(bytes_, bytes);
    if (in_file()) {
        if (::mremap(data_, old, bytes, 0) == MAP_FAILED || ::ftruncate(file_, static_cast<off_t>(bytes)) != 0) {
            refuse_folder(folder_, bytes, errno);
        }
    } else if (auto* shrunk = static_cast<std::byte*>(std::realloc(data_, bytes))) {
        data_ = shrunk;
    }
}

void PixelMemory::drop(std::size_t first, std::size_t bytes) const {
    if (in_file()) advise_pages(data_ + first, bytes, MADV_DONTNEED);
}

void PixelMemory::store(std::size_t first, std::size_t bytes, std::size_t before) const {
    if (!in_file()) return;
    drop(first, bytes);
    constexpr unsigned begin = SYNC_FILE_RANGE_WRITE;
    constexpr unsigned end = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    const auto offset = [](std::size_t value) { return static_cast<off64_t>(value); };
    const bool stored = ::sync_file_range(file_, offset(first), offset(bytes), begin) == 0 &&
                        (before == 0 || ::sync_file_range(file_, offset(first - before), offset(before), end) == 0);
    // ENOSYS: a system that stores pages only when it wants to.
    if (!stored && errno != ENOSYS) refuse_folder(folder_, bytes_, errno);
}

void advise_pages(const std::byte* data, std::size_t bytes, int advice) {
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    const std::uintptr_t first_page = page_floor(begin);
    // Advice that is not taken changes no value.
    ::madvise(reinterpret_cast<void*>(first_page), begin + bytes - first_page, advice);
}

}  // namespace gsfit

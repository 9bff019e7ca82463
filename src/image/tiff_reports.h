// What libtiff has to say.

#pragma once

#include <tiffio.h>

#include <cstdarg>

namespace gsfit {

/// libtiff's handlers belong to the whole process (OpenCV sets its own) and know nothing of the file: these are there
/// while one is open and keep the thread's first report.
class TiffReports {
public:
    TiffReports();
    TiffReports(const TiffReports&) = delete;
    TiffReports& operator=(const TiffReports&) = delete;
    ~TiffReports();

    static thread_local char report[256];

private:
    static void on_error(const char* module, const char* format, std::va_list arguments);

    TIFFErrorHandler errors_;
    TIFFErrorHandler warnings_;
};

}  // namespace gsfit

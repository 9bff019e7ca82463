#include "image/tiff_reports.h"

#include <cstdio>

namespace gsfit {

thread_local char TiffReports::report[256];

TiffReports::TiffReports() : errors_(TIFFSetErrorHandler(on_error)), warnings_(TIFFSetWarningHandler(nullptr)) {
    report[0] = '\0';
}

TiffReports::~TiffReports() {
    TIFFSetErrorHandler(errors_);
    TIFFSetWarningHandler(warnings_);
}

void TiffReports::on_error(const char* /*module*/, const char* format, std::va_list arguments) {
    if (report[0] == '\0') std::vsnprintf(report, sizeof report, format, arguments);
}

}  // namespace gsfit

#include "gsfit/report.h"
#include "embedded/chart_js.h"
#include "embedded/report_page.h"
#include "embedded/report_script.h"
#include "embedded/report_style.h"
#include "gsfit/core/file.h"
#include "gsfit/report/html.h"
#include "report/sections.h"
#include "report/show.h"

namespace gsfit {

void write_report(const std::filesystem::path& run_folder, const ReportPictures& pictures) {
    const RunFiles run = read_run_files(run_folder);
    write_file_atomically(run_folder / "report.html",
                          filled(embedded::report_page(), {{"style", std::string(embedded::report_style())},
                                                           {"name", escaped(name_of(run))},
                                                           {"subtitle", subtitle(run)},
                                                           {"status", status(run)},
                                                           {"figures", figures(run)},
                                                           {"comparison", comparison(pictures)},
                                                           {"gallery", gallery(pictures)},
                                                           {"video", video_section(run)},
                                                           {"curves", curves_section(run)},
                                                           {"memory", memory_bill(run)},
                                                           {"settings", settings_table(run)},
                                                           {"facts", facts(run)},
                                                           {"data", curves_data(run)},
                                                           {"chart_js", std::string(embedded::chart_js())},
                                                           {"script", std::string(embedded::report_script())}}));
}

}  // namespace gsfit

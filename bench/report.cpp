#include "bench/report.h"

#include <algorithm>
#include <cstdio>

#include "bench/machine.h"
#include "gsfit/core/file.h"

namespace gsfit::bench {
namespace {

void print_table(const std::vector<std::vector<std::string>>& table) {
    std::vector<std::size_t> widths(table.front().size());
    for (const auto& line : table) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
    }
    for (const auto& line : table) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            std::printf("%s%*s", i == 0 ? "" : "  ", static_cast<int>(widths[i]), line[i].c_str());
        }
        std::printf("\n");
    }
}

}  // namespace

Json heading(const CommonOptions& common) {
    const Machine machine = this_machine();
    return {{"revision", common.revision},
            {"date", machine.date},
            {"machine", {{"cpu", machine.cpu}, {"cores", machine.cores}, {"simd", simd_names().front()}}}};
}

void print_report(const CommonOptions& common, const Json& report, const std::vector<std::vector<std::string>>& table) {
    const Json& machine = report["machine"];
    std::printf("gsfit %s, %s, %s, %u cores, best SIMD target %s\n", common.revision.c_str(),
                report["date"].get<std::string>().c_str(), machine["cpu"].get<std::string>().c_str(),
                machine["cores"].get<unsigned>(), machine["simd"].get<std::string>().c_str());
    print_table(table);
    if (!common.json.empty()) write_file_atomically(common.json, report.dump(2) + "\n");
}

std::string fixed(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

}  // namespace gsfit::bench

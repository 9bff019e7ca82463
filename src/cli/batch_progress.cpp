#include "cli/batch_progress.h"

#include <cstdio>

#include "cli/text.h"

namespace gsfit::cli {
namespace {

using Json = nlohmann::ordered_json;

void write_json(const Json& line) {
    std::fputs((line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n").c_str(), stderr);
}

/// ", 38.21 dB in 12.3 s", as far as it is known.
std::string figures(const Json& record) {
    std::string text;
    if (!record.is_object()) return text;
    if (const auto psnr = record.find("psnr"); psnr != record.end() && psnr->is_number()) {
        text += text_of(", ", fixed(psnr->get<double>(), 2), " dB");
    }
    return text + text_of(" in ", fixed(record.value("seconds", 0.0), 1), " s");
}

}  // namespace

void BatchProgress::started(const BatchRow& row, std::size_t running) const {
    if (style_ == "none") return;
    if (style_ == "json") {
        write_json({{"event", "started"}, {"image", row.image.string()}, {"folder", row.folder}, {"running", running}});
        return;
    }
    std::fputs(text_of(row.image.string(), ": started, ", running, " running\n").c_str(), stderr);
}

void BatchProgress::ended(const BatchRow& row, std::size_t finished, std::size_t running) const {
    if (style_ == "none") return;
    if (style_ == "json") {
        const auto known = [&](const char* name) {
            return row.record.is_object() ? row.record.value(name, Json()) : Json();
        };
        write_json({{"event", "ended"},
                    {"image", row.image.string()},
                    {"folder", row.folder},
                    {"exit", row.exit},
                    {"message", row.message},
                    {"psnr", known("psnr")},
                    {"seconds", known("seconds")},
                    {"finished", finished},
                    {"images", images_},
                    {"running", running}});
        return;
    }
    const std::string message = row.message.empty() ? "" : text_of(": ", row.message);
    std::fputs(text_of(row.image.string(), ": ", row.exit, row.exit == "finished" ? figures(row.record) : "", message,
                       " (", finished, "/", images_, " finished, ", running, " running)\n")
                   .c_str(),
               stderr);
}

}  // namespace gsfit::cli

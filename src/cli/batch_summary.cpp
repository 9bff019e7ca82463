#include "cli/batch_summary.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "cli/signals.h"
#include "cli/text.h"
#include "embedded/batch_summary.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/image/pictures.h"
#include "gsfit/report/html.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// A number of run.json with all its digits; empty where there is none.
std::string figure(const BatchRow& row, const char* name) {
    if (!row.record.is_object() || !row.record.contains(name)) return {};
    const Json& value = row.record[name];
    return value.is_null() ? "inf" : value.dump();  // a perfect match has no finite PSNR
}

std::string side(std::int64_t pixels) { return pixels > 0 ? std::to_string(pixels) : ""; }

/// As RFC 4180 has it: what has commas, quotes or line ends stands in quotes.
std::string csv_text(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
    return quoted + "\"";
}

/// A relative address, byte by byte: what is no plain letter is written in hexadecimal.
std::string address(const std::string& path) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./~";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result = "./";
    for (const char letter : path) {
        const auto byte = static_cast<unsigned char>(letter);
        if (plain.find(letter) != std::string_view::npos) {
            result += letter;
        } else {
            result += {'%', digits[byte / 16], digits[byte % 16]};
        }
    }
    return result;
}

/// The figure with so many decimals.
std::string rounded(const BatchRow& row, const char* name, int decimals) {
    const bool known = row.record.is_object() && row.record.contains(name) && row.record[name].is_number();
    return known ? fixed(row.record[name].get<double>(), decimals) : figure(row, name);
}

std::string links(const fs::path& batch_folder, const BatchRow& row) {
    struct Link {
        const char* file;
        const char* text;
    };
    std::string result;
    for (const auto& [file, text] :
         {Link{"report.html", "report"}, {"render.png", "render"}, {"render.exr", "render"}, {"video.mp4", "video"}}) {
        if (!is_there(batch_folder / row.folder / file)) continue;
        result += text_of("<a href=\"", address(row.folder + "/" + file), "\">", text, "</a> ");
    }
    return result;
}

/// A small copy of the render. Nothing when there is none, or no time: who asks for a stop does not wait for pictures.
std::string thumbnail(const fs::path& run_folder, const BatchRow& row) {
    constexpr std::int64_t side = 200;  // [pixels]
    if (row.exit != "finished" || stop_requested()) return {};
    try {
        const bool floats = is_there(run_folder / "render.exr");
        const PackedImage render =
            read_image(run_folder / (floats ? "render.exr" : "render.png"), 0, {.folder = run_folder});
        const PictureSize size = picture_size(render.width(), render.height(), side);
        const std::vector<std::byte> jpeg = encode_jpeg(picture_of(render, size.width, size.height));
        return text_of("<img alt=\"\" width=\"", size.width, "\" height=\"", size.height, "\" src=\"",
                       data_uri("image/jpeg", jpeg), "\">");
    } catch (const Error&) {  // the page is of use without it
        return {};
    }
}

std::string cell(std::string_view title, const std::string& html) {
    return html.empty() ? "<td></td>" : text_of("<td data-title=\"", title, "\">", html, "</td>");
}

std::string html_row(const fs::path& batch_folder, const BatchRow& row) {
    const std::string size = row.width > 0 ? text_of(row.width, " &times; ", row.height) : "";
    return text_of("<tr class=\"", row.exit, "\"><td class=\"picture\">", thumbnail(batch_folder / row.folder, row),
                   "</td><th scope=\"row\">", escaped(row.image.filename().string()), "</th>", cell("size", size),
                   cell("Gaussians", figure(row, "gaussians")), cell("PSNR [dB]", rounded(row, "psnr", 2)),
                   cell("SSIM", rounded(row, "ssim", 4)), cell("seconds", rounded(row, "seconds", 1)),
                   "<td class=\"words message\">", row.exit,
                   row.message.empty() ? "" : text_of(": ", escaped(row.message)), "</td><td class=\"words\">",
                   links(batch_folder, row), "</td></tr>\n");
}

std::string totals(const std::vector<BatchRow>& rows) {
    const auto count = [&](std::string_view exit) {
        return std::ranges::count_if(rows, [&](const BatchRow& row) { return row.exit == exit; });
    };
    double seconds = 0;
    for (const BatchRow& row : rows) {
        if (row.record.is_object()) seconds += row.record.value("seconds", 0.0);
    }
    std::string text = text_of(rows.size(), rows.size() == 1 ? " image" : " images");
    for (const char* exit : {"finished", "failed", "killed", "interrupted", "terminated", "running", "waiting"}) {
        if (count(exit) > 0) text += text_of(", ", count(exit), " ", exit);
    }
    return text + text_of("; ", fixed(seconds, 1), " s of training");
}

}  // namespace

void write_summary_table(const fs::path& batch_folder, const std::vector<BatchRow>& rows) {
    std::string text = "image,folder,width,height,gaussians,psnr,ssim,seconds,peak_resident_bytes,exit,message\n";
    for (const BatchRow& row : rows) {
        text += text_of(csv_text(row.image.string()), ",", csv_text(row.folder), ",", side(row.width), ",",
                        side(row.height));
        for (const char* name : {"gaussians", "psnr", "ssim", "seconds", "peak_resident_bytes"}) {
            text += text_of(",", figure(row, name));
        }
        text += text_of(",", row.exit, ",", csv_text(row.message), "\n");
    }
    write_file_atomically(batch_folder / "summary.csv", text);
}

void write_summary_page(const fs::path& batch_folder, const std::vector<BatchRow>& rows) {
    std::vector<std::string> html(rows.size());
    parallel_for(static_cast<std::int64_t>(rows.size()), [&](std::int64_t i) {
        const auto row = static_cast<std::size_t>(i);
        html[row] = html_row(batch_folder, rows[row]);
    });
    const fs::path name = fs::absolute(batch_folder / "").lexically_normal().parent_path().filename();
    write_file_atomically(
        batch_folder / "summary.html",
        filled(embedded::batch_summary(), {{"title", escaped(name.string())},
                                           {"totals", totals(rows)},
                                           {"rows", std::accumulate(html.begin(), html.end(), std::string())}}));
}

}  // namespace gsfit::cli

#include "report/show.h"

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/draw/error_map.h"
#include "gsfit/image/pictures.h"
#include "gsfit/report/html.h"
#include "report/curves.h"
#include "report/format.h"
#include "report/script_data.h"
#include "report/sections.h"

namespace gsfit {
namespace {

constexpr std::uintmax_t embedded_video_bytes = 8'000'000;  // a larger one is linked

bool is_empty(const Picture& picture) { return picture.rgb.empty(); }

std::string image(const Picture& picture, const std::string& alt, const std::string& attributes = "") {
    return "<img src=\"" + data_uri("image/jpeg", encode_jpeg(picture)) + "\" width=\"" +
           std::to_string(picture.width) + "\" height=\"" + std::to_string(picture.height) + "\" alt=\"" +
           escaped(alt) + "\"" + attributes + ">";
}

/// The sizes that the style needs to fit a picture into the window; small ones are magnified.
std::string size_style(const Picture& picture) {
    return " style=\"--w:" + std::to_string(picture.width) + ";--h:" + std::to_string(picture.height) + "\"";
}

std::string captioned(const std::string& title, const Picture& picture, const std::string& alt,
                      const std::string& caption) {
    return "<figure class=\"card\">\n<div class=\"frame\"" + size_style(picture) + ">" + image(picture, alt) +
           "</div>\n<figcaption><h3>" + title + "</h3>" + caption + "</figcaption>\n</figure>\n";
}

/// The colours of the error map, evenly by the square root as there, and the levels that they stand for.
std::string error_legend() {
    constexpr int parts = 16;
    std::string colors;
    for (int i = 0; i <= parts; ++i) {
        const auto [red, green, blue] = error_color(static_cast<double>(i) / parts);
        colors += ",rgb(" + std::to_string(red) + " " + std::to_string(green) + " " + std::to_string(blue) + ")";
    }
    std::string ticks;
    for (int quarter = 0; quarter <= 4; ++quarter) {
        ticks += "<span>" + std::to_string(error_map_levels * quarter * quarter / 16) + "</span>";
    }
    return "<div class=\"legend\" role=\"img\" aria-label=\"Colours from black, no difference, to pale yellow, " +
           std::to_string(error_map_levels) +
           " levels of 255 and more\"><div style=\"background:linear-gradient(90deg" + colors + ")\"></div><p>" +
           ticks + "</p></div>";
}

}  // namespace

std::string comparison(const ReportPictures& pictures) {
    if (is_empty(pictures.render)) return missing("There is no picture: the run has no checkpoint that can be read.");
    if (is_empty(pictures.target)) {
        return "<figure class=\"frame\"" + size_style(pictures.render) + ">" + image(pictures.render, "The render") +
               "</figure>\n" + missing("The image that was fitted is not there to compare with.");
    }
    return "<figure class=\"frame compare\"" + size_style(pictures.render) + ">\n" +
           image(pictures.render, "The render: the picture that the Gaussians make") + "\n" +
           image(pictures.target, "The target: the image that was fitted", " class=\"target\"") +
           "\n<span class=\"tag\" aria-hidden=\"true\">Target</span><span class=\"tag\" aria-hidden=\"true\">Render"
           "</span>\n<input type=\"range\" min=\"0\" max=\"100\" value=\"50\" step=\"any\" "
           "aria-label=\"How much of the target covers the render\">\n<span class=\"handle\" aria-hidden=\"true\">"
           "</span>\n</figure>";
}

std::string gallery(const ReportPictures& pictures) {
    std::string cards;
    if (!is_empty(pictures.error)) {
        cards += captioned("Error", pictures.error, "Map of where render and target differ",
                           "<p>Mean absolute difference of red, green and blue, in levels of 255, at the size shown "
                           "here.</p>" +
                               error_legend());
    }
    if (!is_empty(pictures.ellipses)) {
        cards += captioned("Gaussians", pictures.ellipses, "Every Gaussian as an ellipse in its colour",
                           "<p>Each as its ellipse at one \u03c3, in its own colour, small ones on top.</p>");
    }
    return cards.empty() ? "" : "<div class=\"pair\">\n" + cards + "</div>";
}

std::string video_section(const RunFiles& run) {
    if (!run.video_bytes) return {};
    std::string source = "video.mp4";
    if (*run.video_bytes <= embedded_video_bytes) {
        try {
            source = data_uri("video/mp4", read_file(run.folder / "video.mp4", embedded_video_bytes));
        } catch (const InputError&) {
            return {};
        }
    }
    return "<section aria-labelledby=\"video\">\n<h2 id=\"video\">The run as a video</h2>\n<video controls playsinline "
           "preload=\"metadata\" src=\"" +
           source + "\" aria-label=\"The picture as it was fitted\"></video>\n</section>";
}

std::string curves_section(const RunFiles& run) {
    if (!run.metrics) return missing("metrics.csv is missing or damaged: there are no curves.");
    if (curves_of(*run.metrics).empty()) return missing("The run was not evaluated yet: there are no curves.");
    return "<noscript>" + missing("The curves are drawn by a script, which this browser does not run.") +
           "</noscript>\n<div class=\"charts\" id=\"charts\"></div>";
}

std::string curves_data(const RunFiles& run) {
    nlohmann::ordered_json data{{"axes", nlohmann::ordered_json::object()},
                                {"curves", nlohmann::ordered_json::array()}};
    if (run.metrics) {
        data["axes"] = {{"steps", run.metrics->column("step")}, {"seconds", run.metrics->column("seconds")}};
        for (const Curve& curve : curves_of(*run.metrics)) {
            data["curves"].push_back({{"title", curve.title},
                                      {"unit", curve.unit},
                                      {"logarithmic", curve.logarithmic},
                                      {"values", curve.values}});
        }
    }
    return script_data(data);
}

}  // namespace gsfit

#include "gsfit/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "gsfit/core/error.h"
#include "gsfit/image/pictures.h"
#include "unit/report_files.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

class Report : public testing::Test {
protected:
    void SetUp() override { write_example_run(run_.path()); }

    /// What the page would be, without Chart.js and the script and the style beside it.
    std::string page(const ReportPictures& pictures = {}) {
        write_report(run_.path(), pictures);
        const std::string html = text_of_file(run_ / "report.html");
        return html.substr(html.find("<body>"), html.find("/*!") - html.find("<body>"));
    }

    void put(const std::string& name, const std::string& text) { write_file_atomically(run_ / name, text); }

    nlohmann::json data() {
        const std::string html = page();
        const std::string begin = "<script type=\"application/json\" id=\"data\">";
        const std::size_t first = html.find(begin) + begin.size();
        return nlohmann::json::parse(html.substr(first, html.find("</script>", first) - first));
    }

    const TemporaryDirectory run_;
};

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

TEST_F(Report, TellsTheFigures) {
    put("checkpoints.txt", "");
    fs::create_directory(run_ / "checkpoints");
    put("checkpoints/step-20.safetensors", std::string(38400, 'x'));
    fs::create_symlink("step-20.safetensors", run_ / "checkpoints/latest");
    const std::string html = page();
    for (const char* part :
         {"<h1>heron.png</h1>", "640 \u00d7 480 pixels as 100 Gaussians", "<dd>31.26 <small>dB</small>", "<dd>0.9877<",
          "<dd>20<", "<dd>3:05 <small>min<", "<dd>38.4 <small>kB", "<dd>1.00<", "Finished.", "61.5 MB", "2.00 GB",
          "90.0 MB", "<dd>3<", "AVX3", "2.11.0", "2026-11-21T09:48:38Z"}) {
        expect_contains(html, part);
    }
}

TEST_F(Report, IsOneFileThatAsksForNothing) {
    const Picture picture(4, 3, 128);
    write_report(run_.path(), {picture, picture, picture, picture});
    const std::string html = text_of_file(run_ / "report.html");
    EXPECT_EQ(count(html, "src=\"data:image/jpeg;base64,/9j/"), 4U);
    const std::regex fetched(R"((src|href)="(?!data:)[^"]*")");
    EXPECT_FALSE(std::regex_search(html, fetched));
    EXPECT_EQ(count(html, "@import") + count(html, "url("), 0U);
    EXPECT_EQ(count(html, "<script"), 3U);
    EXPECT_EQ(count(html, "</script"), 3U);
    expect_contains(html, "Chart.js v3");
    EXPECT_EQ(html.find("{{"), html.find("{{", html.find("/*!")));  // none of the page's own is left
}

TEST_F(Report, ShowsTheCurvesThatHaveValues) {
    const nlohmann::json shown = data();
    EXPECT_EQ(shown["axes"]["steps"], nlohmann::json({0, 10, 20}));
    EXPECT_EQ(shown["axes"]["seconds"], nlohmann::json({0, 0.5, 1.25}));
    std::vector<std::string> titles;
    for (const auto& curve : shown["curves"]) titles.push_back(curve["title"]);
    EXPECT_EQ(titles, (std::vector<std::string>{"PSNR", "SSIM", "Loss", "Gaussians", "Speed", "Resident memory",
                                                "Skipped steps"}));
    EXPECT_EQ(shown["curves"][0]["values"], nlohmann::json({nullptr, 30, nullptr}));
    EXPECT_EQ(shown["curves"][5]["values"], nlohmann::json({50, 60, 61}));
    EXPECT_EQ(shown["curves"][5]["unit"], "MB");
    put("metrics.csv", metrics_header + "10,0.5,60,0.01,inf,,1,20,0,1024,,\n");
    titles.clear();
    const nlohmann::json fewer = data();
    for (const auto& curve : fewer["curves"]) titles.push_back(curve["title"]);
    EXPECT_EQ(titles, (std::vector<std::string>{"Loss", "Gaussians", "Speed", "Skipped steps"}));
}

TEST_F(Report, ThinsALongTable) {
    std::string table = "step,seconds,loss\n";
    for (int i = 0; i <= 50000; ++i) table += std::to_string(i) + "," + std::to_string(i / 10) + ",0.5\n";
    put("metrics.csv", table);
    const nlohmann::json steps = data()["axes"]["steps"];
    EXPECT_EQ(steps.size(), 2000U);
    EXPECT_EQ(steps.front(), 0);
    EXPECT_EQ(steps.back(), 50000);
}

TEST_F(Report, EscapesWhatComesFromOutside) {
    const std::string evil = R"(/a/</script><script>alert('1')</script>\"&.png)";
    put("run.json", R"({"image": {"path": ")" + evil + R"(", "width": 2, "height": 2}, "exit": "failed",)" +
                        R"("message": "<b>\"no\"</b>", "versions": {"<i>": "</dl>"}})");
    put("config.yaml", "exp_name: \"</table><script>\"  # flag --<exp>\nlog_root: \"r\xff\xfe\"  # default\n");
    const std::string html = page();
    EXPECT_EQ(html.find("alert('1')"), std::string::npos);
    EXPECT_EQ(count(html, "<script"), 2U);
    for (const char* part :
         {"&lt;b&gt;&quot;no&quot;&lt;/b&gt;", "&lt;i&gt;", "&lt;/dl&gt;", "&lt;/table&gt;&lt;script&gt;",
          "flag --&lt;exp&gt;", "r\ufffd\ufffd", "alert(&#39;1&#39;)"}) {
        expect_contains(html, part);
    }
}

TEST_F(Report, ListsWhatWasSetBeforeDefaults) {
    const std::string html = page();
    expect_contains(html, "<td>/pictures/a &quot;heron&quot;  # one.png</td><td>flag --input_path</td>");
    EXPECT_LT(html.find("num_gaussians"), html.find("<details>"));
    EXPECT_GT(html.find(">seed<"), html.find("<details>"));
    expect_contains(html, "1 settings at their defaults");
}

TEST_F(Report, LinksALargeVideoAndHoldsASmallOne) {
    EXPECT_EQ(page().find("<video"), std::string::npos);
    put("video.mp4", "moov");
    expect_contains(page(), "src=\"data:video/mp4;base64,bW9vdg==\"");
    put("video.mp4", std::string(8'000'001, 'x'));
    expect_contains(page(), "src=\"video.mp4\"");
}

TEST_F(Report, HasAWordForEachMissingPart) {
    for (const char* name : {"run.json", "metrics.csv", "config.yaml"}) fs::remove(run_ / name);
    const std::string html = page();
    expect_contains(html, "How the run ended is not known");
    expect_contains(html, "There are no figures");
    expect_contains(html, "There is no picture");
    expect_contains(html, "there are no curves");
    expect_contains(html, "Nothing is known of its memory");
    expect_contains(html, "config.yaml is missing or damaged");
    expect_contains(html, "<h1>" + run_.path().filename().string() + "</h1>");
}

TEST_F(Report, OutlivesDamage) {
    for (const std::string& damage :
         {std::string(), std::string("[1, 2"), std::string("\0\xff\x80", 3), std::string("step,seconds\n1,2,3\n"),
          std::string("step,seconds,psnr\n1,x,3\n"), std::string(2 << 20, ','), std::string("{\"image\": 3}"),
          std::string(R"({"image": {"path": 7, "width": "wide", "height": null}, "versions": [], "memory": "much",
                          "psnr": "good", "exit": {}, "message": [1], "seed": -1e300, "seconds": 1e308})")}) {
        for (const char* name : {"run.json", "metrics.csv", "config.yaml"}) put(name, damage);
        EXPECT_GT(page().size(), 1000U) << damage.substr(0, 100);
    }
}

TEST_F(Report, OfAKilledRunSaysSo) {
    put("run.json", R"({"exit": "running", "steps": 7})");
    put("metrics.csv", example_metrics + "30,1.5,100,0.01,30,,1,20,0,1024,610");  // a row that a kill cut short
    expect_contains(page(), "Not at its end.");
    EXPECT_EQ(data()["axes"]["steps"].size(), 3U);
}

TEST_F(Report, WritesAPerfectMatchAsInfinite) {
    put("run.json", R"({"exit": "finished", "psnr": null})");
    expect_contains(page(), "<dd>\u221e <small>dB</small>");
}

TEST_F(Report, HasNoSliderWithoutATarget) {
    const Picture picture(4, 3, 128);
    EXPECT_EQ(count(page({.target = picture, .render = picture, .error = {}, .ellipses = {}}), "type=\"range\""), 1U);
    const std::string html = page({.target = {}, .render = picture, .error = {}, .ellipses = {}});
    EXPECT_EQ(count(html, "type=\"range\""), 0U);
    EXPECT_EQ(count(html, "<img"), 1U);
    expect_contains(html, "not there to compare with");
}

TEST_F(Report, SaysWhenItCannotBeWritten) {
    fs::create_directory(run_ / "report.html");
    expect_contains(sentence_of<OutputError>([&] { page(); }), "report.html");
}

TEST_F(Report, PlotsEachCurveInEachFormat) {
    const std::array formats{ChartFormat::png, ChartFormat::svg};
    write_plots(run_.path(), formats);
    for (const char* name :
         {"psnr", "ssim", "loss", "gaussians", "steps_per_second", "resident_bytes", "skipped_steps"}) {
        const fs::path path = run_ / "plots" / name;
        const Picture picture = decode_picture(read_file(path.string() + ".png", 1 << 24), name);
        EXPECT_EQ(picture.width, 1600) << name;
        EXPECT_EQ(picture.height, 1000) << name;
        expect_contains(text_of_file(path.string() + ".svg"), "</svg>");
    }
    EXPECT_EQ(std::distance(fs::directory_iterator(run_ / "plots"), {}), 14);
}

TEST_F(Report, PlotsNothingWithoutATable) {
    fs::remove(run_ / "metrics.csv");
    expect_contains(sentence_of<InputError>([&] { write_plots(run_.path(), {}); }), "metrics.csv");
    EXPECT_FALSE(fs::exists(run_ / "plots"));
}

}  // namespace
}  // namespace gsfit

// gsfit train --each: several images, their summary, and what happens when one of them or the batch itself fails.

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;

/// One value of a CSV text at a time; quoted ones have no line ends here.
std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
            cells.back() += line[i++];
        } else if (line[i] == '"') {
            quoted = !quoted;
        } else if (line[i] == ',' && !quoted) {
            cells.emplace_back();
        } else {
            cells.back() += line[i];
        }
    }
    return cells;
}

using Row = std::map<std::string, std::string>;

/// Rows of summary.csv by image.
std::map<std::string, Row> summary_of(const fs::path& batch) {
    std::istringstream text(read_text(batch / "summary.csv"));
    std::string line;
    std::getline(text, line);
    EXPECT_EQ(line, "image,folder,width,height,gaussians,psnr,ssim,seconds,peak_resident_bytes,exit,message");
    const std::vector<std::string> names = cells_of(line);
    std::map<std::string, Row> rows;
    while (std::getline(text, line)) {
        const std::vector<std::string> cells = cells_of(line);
        EXPECT_EQ(cells.size(), names.size()) << line;
        Row row;
        for (std::size_t i = 0; i < std::min(cells.size(), names.size()); ++i) row[names[i]] = cells[i];
        rows[row["image"]] = row;
    }
    return rows;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class Batch : public testing::Test {
protected:
    void SetUp() override { fs::create_directory(workspace_ / "photos"); }

    /// A batch of `photos` into `batch`.
    static std::vector<std::string> words(const std::vector<std::string>& more = {}) {
        std::vector<std::string> result{"train",           "--each", "photos",         "--output", "batch",
                                        "--num_gaussians", "100",    "--eval_steps=0", "--json"};
        result.insert(result.end(), more.begin(), more.end());
        return result;
    }

    void picture(const std::string& name, int width = 64, int height = 48) const {
        write_picture(workspace_ / ("photos/" + name), width, height);
    }

    /// Inode and content of everything in the run folder: a run that is made again has other files.
    [[nodiscard]] std::string state_of(const std::string& folder) const {
        std::ostringstream text;
        for (const char* name : {"run.json", "config.yaml", "metrics.csv", "render.png", "log.txt"}) {
            const fs::path file = workspace_ / "batch" / folder / name;
            text << name << fs::last_write_time(file).time_since_epoch().count() << read_text(file);
        }
        return text.str();
    }

    const Workspace workspace_;
};

TEST_F(Batch, FitsEveryImageOfAFolder) {
    picture("a.png");
    picture("b.jpg", 50, 70);
    fs::copy_file(workspace_ / "photos/a.png", workspace_ / "photos/no ending");
    write_text(workspace_ / "photos/notes.txt", "no image");
    fs::create_directory(workspace_ / "photos/below");
    fs::copy_file(workspace_ / "photos/a.png", workspace_ / "photos/below/c.png");
    const Result result = gsfit(workspace_, words({"--max_steps", "20"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out, "{\"folder\":\"batch\",\"images\":3,\"done\":3,\"failed\":0}\n");

    const auto rows = summary_of(workspace_ / "batch");
    ASSERT_EQ(rows.size(), 3U);
    const Row& row = rows.at("photos/b.jpg");
    EXPECT_EQ(row.at("folder"), "b.jpg");
    EXPECT_EQ(row.at("width") + "x" + row.at("height"), "50x70");
    EXPECT_EQ(row.at("gaussians"), "100");
    EXPECT_EQ(row.at("exit"), "finished");
    EXPECT_EQ(row.at("message"), "");
    const auto record = nlohmann::json::parse(read_text(workspace_ / "batch/b.jpg/run.json"));
    EXPECT_EQ(std::stod(row.at("psnr")), record["psnr"]);
    EXPECT_EQ(std::stod(row.at("ssim")), record["ssim"]);
    EXPECT_EQ(std::stod(row.at("seconds")), record["seconds"]);
    EXPECT_EQ(std::stoll(row.at("peak_resident_bytes")), record["peak_resident_bytes"]);
    EXPECT_TRUE(rows.contains("photos/no ending"));

    const std::string page = read_text(workspace_ / "batch/summary.html");
    for (const char* part : {">a.png<", ">b.jpg<", "href=\"./b.jpg/render.png\"", "./no%20ending/", "3 finished",
                             "data:image/jpeg;base64,/9j/"}) {
        EXPECT_TRUE(contains(page, part)) << part;
    }
}

TEST_F(Batch, ARunIsTheSameAsOneAlone) {
    picture("a.png");
    picture("b.png", 40, 40);
    ASSERT_EQ(gsfit(workspace_, words({"--max_steps", "20"})).exit_code, 0);
    const Result alone = gsfit(workspace_, short_training("photos/a.png", "alone", {"--eval_steps=0"}));
    ASSERT_EQ(alone.exit_code, 0) << alone.err;
    EXPECT_EQ(latest_checkpoint_without_seconds(workspace_ / "batch/a.png"),
              latest_checkpoint_without_seconds(workspace_ / "alone"));
}

TEST_F(Batch, ABadImageDoesNotStopTheRest) {
    picture("a.png");
    picture("b.png");
    const std::string whole = read_text(workspace_ / "photos/b.png");
    write_text(workspace_ / "photos/b.png", whole.substr(0, whole.size() / 2));  // its header is fine
    write_text(workspace_ / "photos/c.png", "no image at all");
    picture("d.png");
    const Result result = gsfit(workspace_, words({"--max_steps", "20", "--progress", "none"}));
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "{\"folder\":\"batch\",\"images\":4,\"done\":2,\"failed\":2}\n");
    EXPECT_EQ(result.err.rfind("photos/b.png: ", 0), 0U) << result.err;
    EXPECT_TRUE(contains(result.err, "\nphotos/c.png: cannot read 'photos/c.png': it is no PNG")) << result.err;
    EXPECT_TRUE(
        contains(result.err, "\ngsfit: 2 of 4 images failed; what ails them stands above and in 'batch/summary.csv'\n"))
        << result.err;
    auto rows = summary_of(workspace_ / "batch");
    EXPECT_EQ(rows["photos/b.png"]["exit"], "failed");
    EXPECT_TRUE(contains(rows["photos/b.png"]["message"], "photos/b.png"));
    EXPECT_EQ(rows["photos/d.png"]["exit"], "finished");
    EXPECT_TRUE(contains(read_text(workspace_ / "batch/summary.html"), "it is no PNG"));
}

TEST_F(Batch, RepeatedFitsOnlyWhatIsNotFinished) {
    picture("a.png");
    write_text(workspace_ / "photos/b.png", "no image yet");
    ASSERT_EQ(gsfit(workspace_, words({"--max_steps", "20"})).exit_code, 1);
    const std::string before = state_of("a.png");
    picture("b.png");
    picture("a.jpg");  // a name that would be taken if folders had no endings
    const Result result = gsfit(workspace_, words({"--max_steps", "20"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(state_of("a.png"), before);
    EXPECT_TRUE(contains(result.err, "photos/b.png: started")) << result.err;
    EXPECT_FALSE(contains(result.err, "photos/a.png")) << result.err;
    auto rows = summary_of(workspace_ / "batch");
    EXPECT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows["photos/a.png"]["exit"], "finished");
    EXPECT_EQ(rows["photos/a.png"]["width"], "64");
    EXPECT_NE(rows["photos/a.png"]["psnr"], "");
}

TEST_F(Batch, RefusesFinishedRunsOfOtherSettings) {
    picture("a.png");
    ASSERT_EQ(gsfit(workspace_, words({"--max_steps", "20"})).exit_code, 0);
    const std::string before = state_of("a.png");
    const Result other = gsfit(workspace_, words({"--max_steps", "30"}));
    EXPECT_EQ(other.exit_code, 1);
    EXPECT_TRUE(contains(other.err, "photos/a.png: 'batch/a.png' holds a run with another max_steps (20, not 30); "))
        << other.err;
    write_text(workspace_ / "other.yaml", "max_steps: 20\nl1_loss_ratio: 1\n");
    EXPECT_EQ(gsfit(workspace_, words({"--config", "other.yaml"})).exit_code, 1);
    EXPECT_EQ(gsfit(workspace_, words({"--max_steps", "20"}), {"GSFIT_SEED=7"}).exit_code, 1);
    EXPECT_EQ(state_of("a.png"), before);
    EXPECT_EQ(gsfit(workspace_, words({"--max_steps", "20", "--threads", "1", "--memory_budget_gb", "1"})).exit_code, 0)
        << "what a batch decides itself may differ";
}

TEST_F(Batch, SettingsOfAFileAndOfTheEnvironmentReachTheRuns) {
    picture("a.png");
    write_text(workspace_ / "few.yaml", "max_steps: 7\nthreads: 1\n");
    const Result result = gsfit(workspace_, words({"--config", "few.yaml"}), {"GSFIT_SEED=5"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto record = nlohmann::json::parse(read_text(workspace_ / "batch/a.png/run.json"));
    EXPECT_EQ(record["steps"], 7);
    EXPECT_EQ(record["seed"], 5);
    EXPECT_EQ(record["threads"], 1);
}

/// Large enough that a run of many steps takes a while.
class LongBatch : public Batch {
protected:
    void SetUp() override {
        Batch::SetUp();
        for (const char* name : {"a.png", "b.png", "c.png"}) picture(name, 256, 192);
    }

    /// Until the run has saved a step.
    void wait_for_step(const std::string& folder, Process& process) const {
        while (latest_step(workspace_ / "batch" / folder) < 1) {
            ASSERT_TRUE(process.running()) << process.wait().err;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }

    const std::vector<std::string> long_words_ =
        words({"--max_steps", "400", "--threads", "1", "--save_ckpt_steps", "5"});
};

TEST_F(LongBatch, StoppedSavesAndGoesOn) {
    Process process(workspace_, long_words_);
    wait_for_step("a.png", process);
    process.send(SIGTERM);
    const Result stopped = process.wait();
    EXPECT_EQ(stopped.exit_code, 143) << stopped.err;
    EXPECT_EQ(stopped.out, "");
    EXPECT_TRUE(contains(stopped.err, "\ngsfit: stopped and saved; the same command goes on\n")) << stopped.err;
    auto rows = summary_of(workspace_ / "batch");
    EXPECT_EQ(rows["photos/a.png"]["exit"], "terminated");
    EXPECT_EQ(rows["photos/c.png"]["exit"], "waiting");
    EXPECT_FALSE(fs::exists(workspace_ / "batch/c.png"));
    const long step = latest_step(workspace_ / "batch/a.png");
    ASSERT_LT(step, 400);

    const Result result = gsfit(workspace_, long_words_);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(contains(read_text(workspace_ / "batch/a.png/log.txt"),
                         "training starts at step " + std::to_string(step) + " "));
    rows = summary_of(workspace_ / "batch");
    EXPECT_EQ(rows.size(), 3U);
    for (const auto& [image, row] : rows) EXPECT_EQ(row.at("exit"), "finished") << image;
}

TEST_F(LongBatch, InterruptExits130) {
    Process process(workspace_, long_words_);
    wait_for_step("a.png", process);
    process.send(SIGINT);
    EXPECT_EQ(process.wait().exit_code, 130);
    EXPECT_EQ(summary_of(workspace_ / "batch")["photos/a.png"]["exit"], "interrupted");
}

TEST_F(LongBatch, KilledTakesItsRunsWithItAndGoesOn) {
    Process process(workspace_, long_words_);
    wait_for_step("a.png", process);
    process.send(SIGKILL);
    ASSERT_EQ(process.wait().signal, SIGKILL);
    const auto exit = [&] {
        return nlohmann::json::parse(read_text(workspace_ / "batch/a.png/run.json"))["exit"].get<std::string>();
    };
    for (int i = 0; i < 2000 && exit() == "running"; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(exit(), "terminated") << "the run is told when its parent is gone";
    const Result result = gsfit(workspace_, long_words_);
    EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(LongBatch, ARunThatIsKilledBeforeItsFirstCheckpointBeginsAnew) {
    const std::vector<std::string> unsaved = words({"--max_steps", "100", "--threads", "1", "--progress", "none"});
    ASSERT_EQ(gsfit(workspace_, unsaved).exit_code, 0);
    mark_as_running(workspace_ / "batch/b.png");
    fs::remove_all(workspace_ / "batch/b.png/checkpoints");
    write_text(workspace_ / "batch/b.png/mine.txt", "a note");
    const Result result = gsfit(workspace_, unsaved);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(latest_step(workspace_ / "batch/b.png"), 100);
    EXPECT_EQ(read_text(workspace_ / "batch/b.png/mine.txt"), "a note");
}

TEST_F(Batch, SeveralImagesAndNamesThatCollide) {
    fs::create_directory(workspace_ / "more");
    picture("a.png");
    picture("a.jpg");
    write_picture(workspace_ / "more/a.png", 32, 32);
    const Result result = gsfit(workspace_, {"train", "--each", "photos", "more/a.png", "photos/../photos/a.jpg",
                                             "--max_steps", "5", "--num_gaussians", "20", "--progress", "json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    auto rows = summary_of(workspace_ / "results/batch");
    ASSERT_EQ(rows.size(), 3U) << "an image that is named twice is fitted once";
    EXPECT_EQ(rows["photos/a.jpg"]["folder"], "a.jpg");
    EXPECT_EQ(rows["photos/a.png"]["folder"], "a.png");
    EXPECT_EQ(rows["more/a.png"]["folder"], "a.png-2");
    EXPECT_EQ(rows["more/a.png"]["width"], "32");
    std::istringstream lines(result.err);
    std::multiset<std::string> events;
    for (std::string line; std::getline(lines, line);) events.insert(nlohmann::json::parse(line)["event"]);
    EXPECT_EQ(events.count("started"), 3U);
    EXPECT_EQ(events.count("ended"), 3U);
}

TEST_F(Batch, TheFolderIsNamedAfterTheImages) {
    picture("a.png");
    const Result result =
        gsfit(workspace_, {"train", "--each", "photos/", "--max_steps=5", "--num_gaussians=20", "--progress=none"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out, "folder  results/photos\nimages  1\ndone    1\nfailed  0\n");
    EXPECT_EQ(result.err, "");
}

TEST_F(Batch, NamesAreEscaped) {
    const std::string name = "<b>&\"x, y.png";
    picture(name);
    write_text(workspace_ / "photos/{{rows}}<i>.png", "no image");
    const Result result = gsfit(workspace_, words({"--max_steps", "5", "--progress", "none"}));
    EXPECT_EQ(result.exit_code, 1) << result.err;
    const std::string page = read_text(workspace_ / "batch/summary.html");
    EXPECT_FALSE(contains(page, "<b>"));
    EXPECT_FALSE(contains(page, "<i>"));
    EXPECT_TRUE(contains(page, ">{{rows}}&lt;i&gt;.png<")) << "a name is no place of the template";
    EXPECT_TRUE(contains(page, "&lt;b&gt;&amp;&quot;x, y.png")) << page;
    EXPECT_TRUE(contains(page, "href=\"./%3Cb%3E%26%22x%2C%20y.png/render.png\"")) << page;
    EXPECT_EQ(summary_of(workspace_ / "batch")["photos/" + name]["exit"], "finished");
}

TEST_F(Batch, ANameThatLooksLikeAFlag) {
    write_picture(workspace_ / "-a.png", 32, 32);
    const Result result =
        gsfit(workspace_, {"train", "--each", "--max_steps=5", "--num_gaussians=20", "--output=batch", "--", "-a.png"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(Batch, MemoryForNoneIsSaidOfEveryImage) {
    picture("a.png");
    picture("b.png");
    const Result result = gsfit(workspace_, words({"--memory_budget_gb", "0.01", "--progress", "none"}));
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_TRUE(contains(result.err, "photos/a.png: memory does not suffice")) << result.err;
    EXPECT_TRUE(contains(result.err, "photos/b.png: memory does not suffice")) << result.err;
}

TEST_F(Batch, MistakesAreSaidInASentence) {
    const auto expect = [&](const std::vector<std::string>& arguments, int code, const std::string& sentence) {
        const Result result = gsfit(workspace_, arguments);
        EXPECT_EQ(result.exit_code, code) << sentence;
        EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
        EXPECT_FALSE(fs::exists(workspace_ / "batch"));
    };
    expect(
        words(), 3,
        "there is no image in 'photos'; name a folder with PNG, JPEG, TIFF, WebP or EXR files (folders below it do not "
        "count)");
    expect({"train", "--each"}, 2,
           "--each lacks its images; name a folder or several images, gsfit train --each photos");
    picture("a.png");
    expect({"train", "a.png", "b.png"}, 2,
           "2 images are given; put --each before them to fit each into a folder of its own");
    expect({"train", "--each", "photos", "--resume", "batch"}, 2,
           "--each goes on by itself with what is in its folder; leave out --resume");
    expect(words({"--input_path", "a.png"}), 2,
           "--each takes its images as arguments, but flag --input_path names one as well; leave that out");
    expect(words({"--exp_name", "x"}), 2,
           "--output names the run folder and so does --exp_name; leave one of them out");
    expect(words({"--max_steps", "0"}), 2, "--max_steps must be a whole number, 1 to 1000000, not '0'");
}

TEST_F(Batch, AFolderThatCannotBeWritten) {
    picture("a.png");
    write_text(workspace_ / "file", "");
    const Result result =
        gsfit(workspace_, {"train", "--each", "photos", "--output", "file/batch", "--max_steps", "5"});
    EXPECT_EQ(result.exit_code, 6) << result.err;
    make_run(workspace_);
    EXPECT_EQ(gsfit(workspace_, {"train", "--each", "photos", "--output", "run"}).exit_code, 6)
        << "a batch is not put beside a run";
}

TEST_F(Batch, AMissingImageOfSeveral) {
    picture("a.png");
    const Result result = gsfit(workspace_, {"train", "--each", "photos/a.png", "none.png", "--output", "batch",
                                             "--max_steps=5", "--num_gaussians=20", "--progress=none"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_TRUE(contains(result.err, "none.png: ")) << result.err;
    EXPECT_EQ(summary_of(workspace_ / "batch")["photos/a.png"]["exit"], "finished");
}

}  // namespace
}  // namespace gsfit::test

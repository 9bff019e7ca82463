#include "cli/progress.h"
#include "cli/text.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

namespace gsfit::cli {
namespace {

std::string two_digits(std::int64_t value) { return text_of(std::setw(2), std::setfill('0'), value); }

using Kind = TrainEvent::Kind;

/// Lets one call through per period.
class Throttle {
public:
    explicit Throttle(std::chrono::milliseconds period) : period_(period) {}

    bool due() {
        const auto now = std::chrono::steady_clock::now();
        if (now - last_ < period_) {
            return false;
        }
        last_ = now;
        return true;
    }

private:
    std::chrono::milliseconds period_;
    std::chrono::steady_clock::time_point last_{};
};

std::string clock(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) {
        return "-:--";
    }
    const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
    return whole < 3600 ? text_of(whole / 60, ":", two_digits(whole % 60))
                        : text_of(whole / 3600, ":", two_digits(whole / 60 % 60), ":", two_digits(whole % 60));
}

/// "step 170/500  38.21 dB  5000 Gaussians  112.3/s  ETA 0:03  412 MB"
std::string describe(const TrainEvent& event, std::int64_t max_steps) {
    std::string text = text_of("step ", event.state.step);
    if (max_steps > 0) {
        text += text_of("/", max_steps);
    }
    if (event.psnr) {
        text += text_of("  ", fixed(*event.psnr, 2), " dB");
    }
    text += text_of("  ", event.state.field.size(), " Gaussians");
    if (event.steps_per_second > 0) {
        text += text_of("  ", fixed(event.steps_per_second, 1), "/s  ETA ", clock(event.seconds_left));
    }
    if (event.peak_bytes > 0) {
        text += text_of("  ", event.peak_bytes / 1'000'000, " MB");
    }
    return text;
}

int percent(const TrainEvent& event) { return static_cast<int>(100 * std::clamp(event.state.progress, 0.0, 1.0)); }

/// One line that is drawn over and over.
class Bar : public Progress {
public:
    explicit Bar(std::int64_t max_steps) : max_steps_(max_steps) {}
    ~Bar() override {
        if (open_) {
            std::fputs(kept_ ? "\n" : "\r\033[K", stderr);
        }
    }

    void phase(const std::string& what) override {
        if (kept_) {
            std::fputs("\n", stderr);
        }
        draw(what + " ...");
        kept_ = false;
    }

    void note(const std::string& sentence) override {
        if (open_) {
            std::fputs(kept_ ? "\n" : "\r\033[K", stderr);
        }
        Progress::note(sentence);
        open_ = false;
    }

    void event(const TrainEvent& event) override {
        if (!throttle_.due() && event.kind != Kind::finished) {
            return;
        }
        const std::string text = describe(event, max_steps_);
        std::string line = text_of(std::setw(3), percent(event), "%");
        const int room = columns() - static_cast<int>(line.size() + text.size()) - 6;
        if (room >= 5) {
            const int width = std::min(room, 40);
            const int filled = percent(event) * width / 100;
            line += text_of(" [", std::string(filled, '#'), std::string(width - filled, '.'), "]");
        }
        draw(line + "  " + text);
        kept_ = true;
    }

private:
    static int columns() {
        winsize size{};
        return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    }

    void draw(const std::string& line) {
        const auto limit = static_cast<std::size_t>(std::max(1, columns() - 1));  // a full line would wrap
        std::fputs(("\r\033[K" + line.substr(0, limit)).c_str(), stderr);
        std::fflush(stderr);
        open_ = true;
    }

    std::int64_t max_steps_;
    Throttle throttle_{std::chrono::milliseconds(100)};
    bool open_ = false;  ///< something stands on the line
    bool kept_ = false;  ///< and is to stay there
};

/// One line an evaluation, and one every five seconds between them.
class Plain : public Progress {
public:
    explicit Plain(std::int64_t max_steps) : max_steps_(max_steps) {}

    void phase(const std::string& what) override { std::fputs((what + "\n").c_str(), stderr); }

    void event(const TrainEvent& event) override {
        const bool milestone = event.kind == Kind::evaluated || event.stopped;
        const bool due = throttle_.due();
        if (milestone || (due && event.kind == Kind::stepped)) {
            std::fputs(text_of(std::setw(3), percent(event), "%  ", describe(event, max_steps_), "\n").c_str(), stderr);
        }
    }

private:
    std::int64_t max_steps_;
    Throttle throttle_{std::chrono::seconds(5)};
};

std::string_view name(Kind kind) {
    switch (kind) {
        case Kind::started:
            return "started";
        case Kind::stepped:
            return "stepped";
        case Kind::grown:
            return "grown";
        case Kind::refined:
            return "refined";
        case Kind::evaluated:
            return "evaluated";
        case Kind::noted:
            return "noted";
        case Kind::finished:
            return "finished";
    }
    return "";
}

/// One JSON object a line: every event, but of plain steps at most one a second.
class JsonLines : public Progress {
public:
    explicit JsonLines(std::int64_t max_steps) : max_steps_(max_steps) {}

    void phase(const std::string& what) override { write({{"event", "phase"}, {"what", what}}); }

    void note(const std::string& sentence) override { write({{"event", "note"}, {"what", sentence}}); }

    void event(const TrainEvent& event) override {
        if (event.kind == Kind::stepped && !throttle_.due()) {
            return;
        }
        const auto known = [](const auto& value) { return value ? nlohmann::ordered_json(*value) : nullptr; };
        write({{"event", name(event.kind)},
               {"step", event.state.step},
               {"max_steps", max_steps_ > 0 ? nlohmann::ordered_json(max_steps_) : nullptr},
               {"progress", event.state.progress},
               {"loss", event.loss},
               {"psnr", known(event.psnr)},
               {"ssim", known(event.ssim)},
               {"gaussians", event.state.field.size()},
               {"steps_per_second", event.steps_per_second},
               {"seconds", event.state.seconds},
               {"seconds_left", event.seconds_left},
               {"skipped_steps", event.state.skipped_steps},
               {"resident_bytes", event.resident_bytes > 0 ? nlohmann::ordered_json(event.resident_bytes) : nullptr}});
    }

private:
    static void write(const nlohmann::ordered_json& line) {
        using nlohmann::ordered_json;
        std::fputs((line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n").c_str(), stderr);
    }

    std::int64_t max_steps_;
    Throttle throttle_{std::chrono::seconds(1)};
};

class Silent : public Progress {
public:
    void phase(const std::string&) override {}
    void event(const TrainEvent&) override {}
};

bool on_terminal() {
    const char* terminal = std::getenv("TERM");
    return isatty(STDERR_FILENO) != 0 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace

void Progress::operator()(const TrainEvent& event) {
    if (event.kind == Kind::noted) {
        note(event.message);
    } else {
        this->event(event);
    }
}

void Progress::note(const std::string& sentence) { std::fprintf(stderr, "gsfit: %s\n", sentence.c_str()); }

std::unique_ptr<Progress> make_progress(const std::string& style, std::int64_t max_steps) {
    if (style == "bar" || (style == "auto" && on_terminal())) {
        return std::make_unique<Bar>(max_steps);
    }
    if (style == "json") {
        return std::make_unique<JsonLines>(max_steps);
    }
    if (style == "none") {
        return std::make_unique<Silent>();
    }
    return std::make_unique<Plain>(max_steps);
}

}  // namespace gsfit::cli

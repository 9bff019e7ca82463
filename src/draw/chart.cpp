#include "gsfit/draw/chart.h"

#include <cairo-svg.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <numbers>
#include <span>

#include "draw/axis.h"
#include "draw/font.h"
#include "draw/surface.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit {
namespace {

// Lengths in points.
constexpr double width = 640;
constexpr double height = 400;
constexpr double title_size = 15;
constexpr double label_size = 12;
constexpr double curve_width = 1.6;
constexpr double png_scale = 2.5;  // pixels a point

/// What is neither a gap nor beyond what an axis can span.
bool is_drawn(const Chart& chart, std::size_t i) {
    const double size = std::abs(chart.y[i]);
    return chart.logarithmic ? chart.y[i] >= 1e-30 && size <= 1e30 : size <= 1e30;
}

Axis y_axis(const Chart& chart) {
    double least = INFINITY;
    double greatest = -INFINITY;
    for (std::size_t i = 0; i < chart.y.size(); ++i) {
        if (!is_drawn(chart, i)) continue;
        least = std::min(least, chart.y[i]);
        greatest = std::max(greatest, chart.y[i]);
    }
    if (least > greatest) return linear_axis(0, 1);
    return chart.logarithmic ? logarithmic_axis(least, greatest) : linear_axis(least, greatest);
}

/// One drawing for both formats.
class Drawing {
public:
    Drawing(cairo_t* context, const Chart& chart)
        : context_(context),
          chart_(chart),
          x_(linear_axis(0, chart.x.empty() ? 1 : chart.x.back())),
          y_(y_axis(chart)) {
        cairo_set_font_face(context_, font());
        cairo_set_font_size(context_, label_size);
        double widest = 0;
        for (const std::string& label : y_.labels) widest = std::max(widest, width_of(label));
        left_ = 2.4 * label_size + widest + 14;
        right_ = width - 24;
        top_ = 3 * title_size;
        bottom_ = height - 4 * label_size;
    }

    void draw() {
        grey(1);
        cairo_paint(context_);
        draw_grid();
        draw_labels();
        draw_curve();
    }

private:
    void grey(double value) { cairo_set_source_rgb(context_, value, value, value); }

    double width_of(const std::string& text) {
        cairo_text_extents_t extents{};
        cairo_text_extents(context_, text.c_str(), &extents);
        return extents.x_advance;
    }

    /// Its baseline begins at the current point, moved back by `part` of its width. Outlines rather than glyphs: an SVG
    /// needs no font then.
    void text(const std::string& words, double part) {
        cairo_rel_move_to(context_, -part * width_of(words), 0);
        cairo_text_path(context_, words.c_str());
        cairo_fill(context_);
    }

    void text_at(double x, double y, const std::string& words, double part) {
        cairo_move_to(context_, x, y);
        text(words, part);
    }

    double at_x(double value) const { return left_ + (right_ - left_) * x_.place(value); }
    double at_y(double value) const { return bottom_ - (bottom_ - top_) * y_.place(value); }

    void draw_grid() {
        cairo_set_line_width(context_, 0.6);
        grey(0.86);
        for (const double tick : y_.ticks) {
            cairo_move_to(context_, left_, at_y(tick));
            cairo_line_to(context_, right_, at_y(tick));
        }
        cairo_stroke(context_);
        grey(0.3);
        for (const double tick : x_.ticks) {
            cairo_move_to(context_, at_x(tick), bottom_);
            cairo_line_to(context_, at_x(tick), bottom_ + 4);
        }
        cairo_move_to(context_, left_, bottom_);
        cairo_line_to(context_, right_, bottom_);
        cairo_stroke(context_);
    }

    void draw_labels() {
        grey(0.2);
        const double drop = 0.36 * label_size;  // from the middle of a digit to its baseline
        for (std::size_t i = 0; i < y_.ticks.size(); ++i) {
            text_at(left_ - 8, at_y(y_.ticks[i]) + drop, y_.labels[i], 1);
        }
        for (std::size_t i = 0; i < x_.ticks.size(); ++i) {
            text_at(at_x(x_.ticks[i]), bottom_ + 8 + label_size, x_.labels[i], 0.5);
        }
        text_at((left_ + right_) / 2, height - label_size, chart_.x_label, 0.5);
        cairo_save(context_);
        cairo_translate(context_, 1.7 * label_size, (top_ + bottom_) / 2);
        cairo_rotate(context_, -std::numbers::pi / 2);
        text_at(0, 0, chart_.y_label, 0.5);
        cairo_restore(context_);
        grey(0);
        cairo_set_font_size(context_, title_size);
        text_at(left_, 1.8 * title_size, chart_.title, 0);
    }

    void draw_curve() {
        cairo_set_source_rgb(context_, 0.10, 0.35, 0.62);
        cairo_set_line_width(context_, curve_width);
        cairo_set_line_join(context_, CAIRO_LINE_JOIN_ROUND);
        cairo_set_line_cap(context_, CAIRO_LINE_CAP_ROUND);
        bool in_curve = false;
        for (std::size_t i = 0; i < chart_.y.size(); ++i) {
            const bool drawn = is_drawn(chart_, i);
            if (drawn && in_curve) cairo_line_to(context_, at_x(chart_.x[i]), at_y(chart_.y[i]));
            if (drawn && !in_curve) begin_curve(i);
            in_curve = drawn;
        }
        cairo_stroke(context_);
    }

    /// A point that stands alone is a dot.
    void begin_curve(std::size_t i) {
        const double x = at_x(chart_.x[i]);
        const double y = at_y(chart_.y[i]);
        if (i + 1 == chart_.y.size() || !is_drawn(chart_, i + 1)) {
            cairo_new_sub_path(context_);
            cairo_arc(context_, x, y, curve_width, 0, 2 * std::numbers::pi);
        } else {
            cairo_move_to(context_, x, y);
        }
    }

    cairo_t* context_;
    const Chart& chart_;
    Axis x_;
    Axis y_;
    double left_ = 0;
    double right_ = 0;
    double top_ = 0;
    double bottom_ = 0;
};

/// Takes what Cairo writes; an exception waits until Cairo, which is C, has returned.
struct Sink {
    AtomicFile file;
    std::exception_ptr failure{};

    static cairo_status_t write(void* self, const unsigned char* data, unsigned int length) noexcept {
        auto* sink = static_cast<Sink*>(self);
        try {
            sink->file.write(std::as_bytes(std::span(data, length)));
            return CAIRO_STATUS_SUCCESS;
        } catch (...) {
            sink->failure = std::current_exception();
            return CAIRO_STATUS_WRITE_ERROR;
        }
    }
};

cairo_status_t write_png(const Chart& chart, Sink& sink) {
    const Surface surface =
        image_surface(CAIRO_FORMAT_RGB24, static_cast<int>(png_scale * width), static_cast<int>(png_scale * height));
    const Context context = context_of(surface);
    cairo_scale(context.get(), png_scale, png_scale);
    Drawing(context.get(), chart).draw();
    return cairo_surface_write_to_png_stream(surface.get(), Sink::write, &sink);
}

cairo_status_t write_svg(const Chart& chart, Sink& sink) {
    const Surface surface(cairo_svg_surface_create_for_stream(Sink::write, &sink, width, height),
                          cairo_surface_destroy);
    const Context context = context_of(surface);
    Drawing(context.get(), chart).draw();
    cairo_surface_finish(surface.get());
    return cairo_surface_status(surface.get());
}

}  // namespace

void write_chart(const std::filesystem::path& path, const Chart& chart, ChartFormat format) {
    Sink sink{AtomicFile(path)};
    const cairo_status_t status = format == ChartFormat::png ? write_png(chart, sink) : write_svg(chart, sink);
    if (sink.failure) std::rethrow_exception(sink.failure);
    if (status != CAIRO_STATUS_SUCCESS) {
        throw OutputError("cannot draw '" + path.string() + "': " + cairo_status_to_string(status) +
                          "; free some memory and try again");
    }
    sink.file.commit();
}

}  // namespace gsfit

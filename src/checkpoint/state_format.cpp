#include "checkpoint/state_format.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

#include "checkpoint/maps_format.h"
#include "checkpoint/packed_codes.h"
#include "checkpoint/safetensors.h"
#include "gsfit/core/error.h"
#include "gsfit/core/levels.h"
#include "gsfit/core/loss_scaling.h"

namespace gsfit {
namespace {

using Shape = std::vector<std::int64_t>;

constexpr const char* format_name = "gsfit-checkpoint";
constexpr const char* format_version = "1";
constexpr const char* packed_storage = "packed";
constexpr std::int64_t max_gaussians = std::int64_t{1} << 28;  // of a packed field
constexpr std::int64_t max_side = std::int64_t{1} << 24;       // of the training raster [pixels]
constexpr std::int64_t max_stride = std::int64_t{1} << 20;
constexpr std::int64_t max_integer = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t max_steps = std::int64_t{1} << 30;

template <class Number, class... Base>
std::string to_text(Number value, Base... base) {
    std::array<char, 64> buffer{};
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, base...);
    return {buffer.data(), result.ptr};  // the shortest text that reads back as the same value
}

std::string random_state_text(const Random::State& state) {
    std::string text;
    for (const std::uint64_t word : state) {
        if (!text.empty()) text += ' ';
        text += to_text(word, 16);
    }
    return text;
}

/// Keeps the tensors' memory alive while their bytes are written.
class StateWriter {
public:
    void add(const std::string& name, const at::Tensor& tensor, const char* dtype) {
        kept_.push_back(tensor.cpu().contiguous());
        const at::Tensor& kept = kept_.back();
        file_.entries.push_back(
            {name, dtype, kept.sizes().vec(), {static_cast<const std::byte*>(kept.const_data_ptr()), kept.nbytes()}});
    }
    void add(const std::string& name, const std::vector<std::int64_t>& values) {
        file_.entries.push_back(
            {name, "I64", {static_cast<std::int64_t>(values.size())}, std::as_bytes(std::span(values))});
    }
    /// `bytes` must outlive the writer.
    void add(const std::string& name, std::span<const std::byte> bytes) {
        file_.entries.push_back({name, "U8", {static_cast<std::int64_t>(bytes.size())}, bytes});
    }
    void add(const std::string& key, const std::string& value) { file_.metadata[key] = value; }

    [[nodiscard]] std::vector<std::byte> bytes() const { return safetensors::write(file_); }

private:
    safetensors::File file_;
    std::vector<at::Tensor> kept_;
};

/// Typed, checked access to a file's tensors and metadata. Everything throws InputError.
class StateReader {
public:
    StateReader(std::span<const std::byte> bytes, const std::string& name)
        : file_(safetensors::read(bytes, name)), name_(name) {
        require(has("format") && text("format") == format_name, "it is no checkpoint of gsfit");
        require(text("version") == format_version,
                "it has version '" + text("version") + "' and this gsfit reads version " + format_version);
    }

    void require(bool holds, const std::string& what) const {
        if (!holds) {
            throw InputError("cannot use '" + name_ + "': " + what + "; use a checkpoint that this gsfit has written");
        }
    }

    [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return file_.metadata; }

    [[nodiscard]] const std::string& text(const std::string& key) const {
        require(has(key), "its metadata lack '" + key + "'");
        return file_.metadata.at(key);
    }

    /// The same; `absent` for a key that the file does not have.
    [[nodiscard]] std::string_view text_or(std::string_view absent, const std::string& key) const {
        return has(key) ? text(key) : absent;
    }

    /// In [least, most]; never NaN.
    template <class Number>
    [[nodiscard]] Number number(const std::string& key, Number least, Number most) const {
        const std::string& digits = text(key);
        Number value{};
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        require(error == std::errc() && end == digits.data() + digits.size() && value >= least && value <= most,
                "its metadata '" + key + "' must be a number from " + to_text(least) + " to " + to_text(most));
        return value;
    }

    /// The same; `absent` for a key that the file does not have.
    template <class Number>
    [[nodiscard]] Number number_or(Number absent, const std::string& key, Number least, Number most) const {
        return has(key) ? number(key, least, most) : absent;
    }

    [[nodiscard]] bool has_tensor(const std::string& name) const {
        return std::ranges::find(file_.entries, name, &safetensors::Entry::name) != file_.entries.end();
    }

    [[nodiscard]] const safetensors::Entry& entry(const std::string& name, const char* dtype) const {
        const auto found = std::ranges::find(file_.entries, name, &safetensors::Entry::name);
        require(found != file_.entries.end(), "it has no tensor '" + name + "'");
        require(found->dtype == dtype, "tensor '" + name + "' must have the type " + dtype);
        return *found;
    }

    [[nodiscard]] at::Tensor floats(const std::string& name, const Shape& shape) const {
        at::Tensor tensor = copy(entry(name, "F32"), shape, at::kFloat);
        const std::span values(tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel()));
        require(std::ranges::all_of(values, [](float value) { return std::isfinite(value); }),
                "tensor '" + name + "' has a value that is not finite");
        return tensor;
    }

    [[nodiscard]] at::Tensor ints(const std::string& name, const Shape& shape) const {
        return copy(entry(name, "I32"), shape, at::kInt);
    }

    [[nodiscard]] std::vector<std::int64_t> integers(const std::string& name) const {
        const safetensors::Entry& found = entry(name, "I64");
        require(found.shape.size() == 1, "tensor '" + name + "' must have one dimension");
        std::vector<std::int64_t> values(found.bytes.size() / sizeof(std::int64_t));
        std::ranges::copy(found.bytes, std::as_writable_bytes(std::span(values)).begin());
        return values;
    }

    [[nodiscard]] bool has(const std::string& key) const { return file_.metadata.contains(key); }

private:
    [[nodiscard]] at::Tensor copy(const safetensors::Entry& entry, const Shape& shape, at::ScalarType type) const {
        require(entry.shape == shape, "the shape of tensor '" + entry.name + "' does not fit the others");
        at::Tensor tensor = at::empty(shape, type);
        std::ranges::copy(entry.bytes, static_cast<std::byte*>(tensor.mutable_data_ptr()));
        return tensor;
    }

    safetensors::File file_;
    std::string name_;
};

template <class Value>
bool all_within(const at::Tensor& tensor, Value least, Value most = std::numeric_limits<Value>::max()) {
    const std::span values(tensor.const_data_ptr<Value>(), static_cast<std::size_t>(tensor.numel()));
    return std::ranges::all_of(values, [=](Value value) { return value >= least && value <= most; });
}

Field read_field(const StateReader& reader) {
    const Shape& shape = reader.entry("feature", "F32").shape;
    reader.require(shape.size() == 2 && shape[0] >= 1, "it holds no Gaussian");
    reader.require(shape[1] >= 1 && shape[1] <= max_channels,
                   "a feature must have 1 to " + to_text(max_channels) + " channels");
    const std::int64_t size = shape[0];

    Field field;
    field.position = reader.floats("position", {size, 2});
    field.inv_scale = reader.floats("inv_scale", {size, 2});
    field.rotation = reader.floats("rotation", {size, 1});
    field.feature = reader.floats("feature", shape);
    field.raster_width = reader.number<std::int64_t>("raster_width", 1, max_side);
    field.raster_height = reader.number<std::int64_t>("raster_height", 1, max_side);
    reader.require(all_within(field.inv_scale, std::numeric_limits<float>::min()),
                   "tensor 'inv_scale' has a value that is not positive");
    return field;
}

std::string profile_name(std::size_t map) { return "profile_" + to_text(map + 1); }

/// Files from before there were texture stacks lack them.
ImageMaps read_maps(const StateReader& reader, int channels) {
    if (!reader.has("maps")) return maps_of_channels(channels);
    const std::optional<ImageMaps> read = maps_from_text(reader.text("maps"), channels);
    reader.require(read.has_value(), "its metadata 'maps' do not say what each of its channels is");
    ImageMaps maps = *read;
    for (std::size_t i = 0; i < maps.size(); ++i) {
        if (!reader.has_tensor(profile_name(i))) continue;
        const safetensors::Entry& profile = reader.entry(profile_name(i), "U8");
        reader.require(profile.bytes.size() <= max_profile_bytes, "a colour profile in it is too large");
        maps[i].profile.assign(profile.bytes.begin(), profile.bytes.end());
    }
    return maps;
}

bool is_packed(const StateReader& reader) {
    const std::string_view storage = reader.text_or("", "storage");
    reader.require(storage.empty() || storage == packed_storage, "its metadata 'storage' must be packed");
    return !storage.empty();
}

/// A tensor of a field that is stored as the codes of its levels.
at::Tensor unpacked(const StateReader& reader, const std::string& name, int bits, const Shape& shape) {
    constexpr float most = std::numeric_limits<float>::max();
    const auto low = reader.number(name + "_min", -most, most);
    const auto high = reader.number(name + "_max", low, most);
    const auto count = static_cast<std::size_t>(shape[0] * shape[1]);
    const safetensors::Entry& codes = reader.entry(name, "U8");
    reader.require(codes.bytes.size() == packed_size(count, bits),
                   "tensor '" + name + "' has not the bytes that its codes need");
    at::Tensor tensor = at::empty(shape, at::kFloat);
    const Levels levels = levels_between(low, high, bits);
    std::ranges::transform(unpack_codes(codes.bytes, count, bits), tensor.mutable_data_ptr<float>(),
                           [&](std::uint32_t code) { return level(levels, code); });
    return tensor;
}

/// Files of runs that do not quantise lack it.
std::optional<Quantisation> read_quantisation(const StateReader& reader) {
    if (!reader.has("position_bits")) return std::nullopt;
    const auto bits = [&](const char* key) {
        return reader.number(key, Quantisation::least_bits, Quantisation::most_bits);
    };
    return Quantisation{.position = bits("position_bits"),
                        .scale = bits("scale_bits"),
                        .rotation = bits("rotation_bits"),
                        .feature = bits("feature_bits")};
}

Field read_packed_field(const StateReader& reader) {
    const auto quantisation = read_quantisation(reader);
    reader.require(quantisation.has_value(), "its metadata lack 'position_bits'");
    const auto size = reader.number<std::int64_t>("gaussians", 1, max_gaussians);
    const auto channels = reader.number<std::int64_t>("channels", 1, max_channels);
    Field field;
    field.position = unpacked(reader, "position", quantisation->position, {size, 2});
    field.inv_scale = unpacked(reader, "scale", quantisation->scale, {size, 2}).reciprocal();
    field.rotation = unpacked(reader, "rotation", quantisation->rotation, {size, 1});
    field.feature = unpacked(reader, "feature", quantisation->feature, {size, channels});
    field.raster_width = reader.number<std::int64_t>("raster_width", 1, max_side);
    field.raster_height = reader.number<std::int64_t>("raster_height", 1, max_side);
    reader.require(all_within(field.inv_scale, std::numeric_limits<float>::min()),
                   "tensor 'scale' has a value that is not positive");
    return field;
}

Blending read_blending(const StateReader& reader) {
    const auto blend = blend_of(reader.text("blend"));
    reader.require(blend.has_value(), "its metadata 'blend' must be norm, sum or topk_norm");
    // Files from before there were others than the ellipse lack it, and topk.
    const auto support = support_of(reader.text_or(name_of(Support::ellipse), "support"));
    reader.require(support.has_value(), "its metadata 'support' must be ellipse or tile16");
    Blending blending{.blend = *blend, .support = *support};
    blending.topk = reader.number_or(blending.topk, "topk", 1, max_topk);
    blending.cutoff = reader.number("cutoff", 1.0F, 6.0F);
    const float smallest_eps = blending.blend == Blend::sum ? 0.0F : std::numeric_limits<float>::min();
    blending.eps = reader.number("blend_eps", smallest_eps, std::numeric_limits<float>::max());
    return blending;
}

Moments read_moments(const StateReader& reader, const Field& field) {
    const Shape shape{field.size(), 5 + field.channels()};
    Moments moments;
    moments.first = reader.floats("first_moment", shape);
    moments.second = reader.floats("second_moment", shape);
    // Files from before there were products lack them.
    const Shape pairs{field.size(), Moments::pairs};
    moments.products =
        reader.has_tensor("moment_products") ? reader.floats("moment_products", pairs) : at::zeros(pairs);
    moments.age = reader.ints("age", {field.size()});
    reader.require(all_within(moments.second, 0.0F), "tensor 'second_moment' has a negative value");
    reader.require(all_within(moments.age, 0, static_cast<std::int32_t>(max_steps)),
                   "tensor 'age' has a value that is no number of steps");
    return moments;
}

Random::State read_random_state(const StateReader& reader) {
    const std::string& text = reader.text("random_state");
    std::istringstream words(text);
    words >> std::hex;
    Random::State state{};
    for (std::uint64_t& word : state) {
        words >> word;
    }
    // All zero is the one state that the generator cannot leave.
    reader.require(random_state_text(state) == text && state != Random::State{},
                   "its metadata 'random_state' must be four hexadecimal words, not all 0");
    return state;
}

/// Files from before there was mixed precision lack these.
void read_loss_scaling(const StateReader& reader, TrainState& state) {
    LossScale& scale = state.loss_scale;
    constexpr float least = std::numeric_limits<float>::min();
    constexpr float most = std::numeric_limits<float>::max();
    scale.scale = reader.number_or(scale.scale, "loss_scale", least, most);
    scale.good_steps =
        reader.number_or<std::int64_t>(scale.good_steps, "loss_scale_good_steps", 0, loss_scaling::growth_interval - 1);
    state.skipped_steps = reader.number_or<std::int64_t>(state.skipped_steps, "skipped_steps", 0, max_steps);
}

/// Files from before there was recipe image_gs lack these.
Plateau read_plateau(const StateReader& reader) {
    constexpr double most = std::numeric_limits<double>::max();
    Plateau plateau;
    plateau.best_psnr = reader.number_or(plateau.best_psnr, "best_psnr", -most, most);
    plateau.best_ssim = reader.number_or(plateau.best_ssim, "best_ssim", -2.0, 2.0);
    plateau.idle_steps = reader.number_or<std::int64_t>(plateau.idle_steps, "idle_steps", 0, max_steps);
    plateau.decays = static_cast<int>(reader.number_or<std::int64_t>(plateau.decays, "decays", 0, max_steps));
    return plateau;
}

void read_phases(const StateReader& reader, TrainState& state) {
    state.phase_stride = reader.number<std::int64_t>("phase_stride", 0, max_stride);
    state.phases = reader.integers("phases");
    const std::int64_t count = state.phase_stride * state.phase_stride;
    reader.require(static_cast<std::int64_t>(state.phases.size()) <= count &&
                       std::ranges::all_of(state.phases, [count](auto phase) { return phase >= 0 && phase < count; }),
                   "tensor 'phases' does not fit its stride");
}

/// A tensor as the codes of its levels.
class PackedTensor {
public:
    PackedTensor(const at::Tensor& tensor, int bits, bool inverse) {
        const at::Tensor kept = tensor.cpu().contiguous();
        const std::span numbers(kept.const_data_ptr<float>(), static_cast<std::size_t>(kept.numel()));
        extent_ = extent_of(kept, inverse);
        const Levels levels = levels_between(extent_.low, extent_.high, bits);
        std::vector<std::uint32_t> codes(numbers.size());
        std::ranges::transform(numbers, codes.begin(), [&](float number) {
            const float x = inverted_if(inverse, number);
            if (!std::isfinite(x)) throw Error("a field with a number that is not finite cannot be packed");
            return static_cast<std::uint32_t>(code_of(levels, x));
        });
        bytes_ = pack_codes(codes, bits);
    }

    /// It must outlive the writer.
    void add_to(StateWriter& writer, const std::string& name) const {
        writer.add(name, bytes_);
        writer.add(name + "_min", to_text(extent_.low));
        writer.add(name + "_max", to_text(extent_.high));
    }

private:
    Extent extent_{};
    std::vector<std::byte> bytes_;
};

/// What all files have: what a field is drawn with, and its bits where it is quantised.
void add_drawing(StateWriter& writer, const TrainState& state) {
    writer.add("format", format_name);
    writer.add("version", format_version);
    writer.add("raster_width", to_text(state.field.raster_width));
    writer.add("raster_height", to_text(state.field.raster_height));
    writer.add("blend", std::string(name_of(state.blending.blend)));
    writer.add("support", std::string(name_of(state.blending.support)));
    writer.add("topk", to_text(state.blending.topk));
    writer.add("blend_eps", to_text(state.blending.eps));
    writer.add("cutoff", to_text(state.blending.cutoff));
    if (!state.maps.empty()) writer.add("maps", text_of_maps(state.maps));
    for (std::size_t i = 0; i < state.maps.size(); ++i) {
        if (!state.maps[i].profile.empty()) writer.add(profile_name(i), state.maps[i].profile);
    }
    if (!state.quantisation) return;
    writer.add("position_bits", to_text(state.quantisation->position));
    writer.add("scale_bits", to_text(state.quantisation->scale));
    writer.add("rotation_bits", to_text(state.quantisation->rotation));
    writer.add("feature_bits", to_text(state.quantisation->feature));
}

}  // namespace

std::vector<std::byte> encode_state(const TrainState& state) {
    StateWriter writer;
    writer.add("position", state.field.position, "F32");
    writer.add("inv_scale", state.field.inv_scale, "F32");
    writer.add("rotation", state.field.rotation, "F32");
    writer.add("feature", state.field.feature, "F32");
    writer.add("first_moment", state.moments.first, "F32");
    writer.add("second_moment", state.moments.second, "F32");
    writer.add("moment_products", state.moments.products, "F32");
    writer.add("age", state.moments.age, "I32");
    writer.add("phases", state.phases);

    add_drawing(writer, state);
    writer.add("step", to_text(state.step));
    writer.add("progress", to_text(state.progress));
    writer.add("seconds", to_text(state.seconds));
    writer.add("initial_gaussians", to_text(state.initial_gaussians));
    writer.add("growths", to_text(state.growths));
    writer.add("random_state", random_state_text(state.random));
    writer.add("phase_stride", to_text(state.phase_stride));
    writer.add("loss_scale", to_text(state.loss_scale.scale));
    writer.add("loss_scale_good_steps", to_text(state.loss_scale.good_steps));
    writer.add("skipped_steps", to_text(state.skipped_steps));
    writer.add("rounds", to_text(state.rounds));
    writer.add("best_psnr", to_text(state.plateau.best_psnr));
    writer.add("best_ssim", to_text(state.plateau.best_ssim));
    writer.add("idle_steps", to_text(state.plateau.idle_steps));
    writer.add("decays", to_text(state.plateau.decays));
    return writer.bytes();
}

std::vector<std::byte> encode_packed(const TrainState& state) {
    if (!state.quantisation) throw Error("a field that is not quantised cannot be packed");
    const Field& field = state.field;
    const PackedTensor position(field.position, state.quantisation->position, false);
    const PackedTensor scale(field.inv_scale, state.quantisation->scale, true);
    const PackedTensor rotation(field.rotation, state.quantisation->rotation, false);
    const PackedTensor feature(field.feature, state.quantisation->feature, false);
    StateWriter writer;
    position.add_to(writer, "position");
    scale.add_to(writer, "scale");
    rotation.add_to(writer, "rotation");
    feature.add_to(writer, "feature");
    writer.add("storage", packed_storage);
    writer.add("gaussians", to_text(field.size()));
    writer.add("channels", to_text(field.channels()));
    add_drawing(writer, state);
    return writer.bytes();
}

TrainState decode_state(std::span<const std::byte> bytes, const std::string& name) {
    const StateReader reader(bytes, name);
    reader.require(!is_packed(reader), "it is a packed field, which no run can go on from");
    TrainState state;
    state.field = read_field(reader);
    state.maps = read_maps(reader, state.field.channels());
    state.blending = read_blending(reader);
    state.quantisation = read_quantisation(reader);
    state.moments = read_moments(reader, state.field);
    state.step = reader.number<std::int64_t>("step", 0, max_steps);
    state.progress = reader.number("progress", 0.0, 1.0);
    state.seconds = reader.number("seconds", 0.0, std::numeric_limits<double>::max());
    // Files from before a run could start from a field lack it.
    state.initial_gaussians = reader.number_or<std::int64_t>(0, "initial_gaussians", 0, state.field.size());
    state.growths = reader.number<std::int64_t>("growths", 0, max_integer);
    state.random = read_random_state(reader);
    read_phases(reader, state);
    read_loss_scaling(reader, state);
    state.rounds = reader.number_or<std::int64_t>(0, "rounds", 0, max_steps);
    state.plateau = read_plateau(reader);
    return state;
}

SavedField decode_field(std::span<const std::byte> bytes, const std::string& name) {
    const StateReader reader(bytes, name);
    const auto quantisation = read_quantisation(reader);
    const auto field = [&] {
        if (is_packed(reader)) return read_packed_field(reader);
        const Field kept = read_field(reader);
        return quantisation ? quantised(kept, *quantisation) : kept;
    };
    Field drawn = field();
    ImageMaps maps = read_maps(reader, drawn.channels());
    return {std::move(drawn), read_blending(reader), std::move(maps), quantisation, reader.metadata()};
}

}  // namespace gsfit

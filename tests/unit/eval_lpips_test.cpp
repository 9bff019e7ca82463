// How LPIPS modules are called, on small ones that are made here.

#include "gsfit/eval/lpips.h"

#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>

#include <fstream>

#include "gsfit/core/error.h"
#include "unit/eval_images.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

class LpipsModule : public testing::Test {
protected:
    /// A module of this method.
    [[nodiscard]] std::filesystem::path module(const std::string& source) const {
        torch::jit::Module made("measure");
        made.define(source);
        made.save((folder_ / "module.pt").string());
        return folder_ / "module.pt";
    }

    [[nodiscard]] double measured(const std::string& source) const {
        return Lpips(module(source))(rows_of(pair_.image), rows_of(pair_.target));
    }

    [[nodiscard]] std::string refusal(const std::string& source) const {
        return sentence_of<InputError>([&] { (void)measured(source); });
    }

    [[nodiscard]] std::string named() const { return "'" + (folder_ / "module.pt").string() + "'"; }

    const ImagePair pair_{3, 300, 40};
    const TemporaryDirectory folder_;
};

TEST_F(LpipsModule, IsGivenImageAndTargetBetweenMinusOneAndOne) {
    const std::string image = "def forward(self, image, target):\n  return image[0, 1, 290, 7]\n";
    const std::string target = "def forward(self, image, target):\n  return target[0, 2, 3, 39]\n";
    EXPECT_FLOAT_EQ(static_cast<float>(measured(image)), 2 * pair_.image[1][290][7].item<float>() - 1);
    EXPECT_FLOAT_EQ(static_cast<float>(measured(target)), 2 * pair_.target[2][3][39].item<float>() - 1);
    const std::string shape =
        "def forward(self, image, target):\n"
        "  assert image.shape == [1, 3, 300, 40] and target.shape == [1, 3, 300, 40]\n"
        "  return image.dtype - target.dtype + float(image.dtype)\n";
    EXPECT_EQ(measured(shape), static_cast<double>(at::kFloat));
}

TEST_F(LpipsModule, MayGiveATensorOfAnyShapeOfOne) {
    const std::string mean = "(image - target).abs().mean()";
    const double expected = 2 * pair_.image.sub(pair_.target).abs().mean().item<double>();
    EXPECT_NEAR(measured("def forward(self, image, target):\n  return " + mean + ".reshape(1, 1, 1, 1)\n"), expected,
                1e-6);
    EXPECT_NEAR(measured("def forward(self, image, target):\n  return " + mean + ".double()\n"), expected, 1e-6);
    EXPECT_NEAR(measured("def forward(self, image, target):\n  return float(" + mean + ".item())\n"), expected, 1e-6);
}

TEST_F(LpipsModule, GreyIsGivenAsRgb) {
    const Lpips lpips(module("def forward(self, image, target):\n  return image[0, 2, 5, 6] + image.shape[1]\n"));
    const at::Tensor grey = patches(1, 10, 20, 1);
    EXPECT_NEAR(lpips(rows_of(grey), rows_of(grey)), 2 * grey[0][5][6].item<float>() - 1 + 3, 1e-6);
}

TEST_F(LpipsModule, ThatGivesNoNumberIsRefused) {
    const std::string sentence =
        named() + " does not make one finite number of two images; give one that tools/export_lpips.py has made";
    EXPECT_EQ(refusal("def forward(self, image, target):\n  return image\n"), sentence);
    EXPECT_EQ(refusal("def forward(self, image, target):\n  return 'near'\n"), sentence);
    EXPECT_EQ(refusal("def forward(self, image, target):\n  return (image.mean(), target.mean())\n"), sentence);
    EXPECT_EQ(refusal("def forward(self, image, target):\n  return image.mean() / 0.0\n"), sentence);
    EXPECT_EQ(refusal("def forward(self, image, target):\n  return float('nan')\n"), sentence);
}

TEST_F(LpipsModule, ThatFailsIsRefused) {
    const std::string start = named() + " failed as it was given two images (";
    const std::string end = "; give one that tools/export_lpips.py has made";
    const std::string unmatched = refusal("def forward(self, image, target):\n  return (image @ target).mean()\n");
    expect_contains(unmatched, start);
    expect_contains(unmatched, end);
    EXPECT_EQ(unmatched.find('\n'), std::string::npos) << unmatched;
    expect_contains(refusal("def forward(self, image):\n  return image.mean()\n"), start);
    expect_contains(refusal("def measure(self, image, target):\n  return image.mean()\n"), start);
}

TEST_F(LpipsModule, AFileThatIsNoneIsRefused) {
    const auto refused = [&](const std::string& bytes) {
        std::ofstream(folder_ / "module.pt") << bytes;
        return sentence_of<InputError>([&] { const Lpips lpips(folder_ / "module.pt"); });
    };
    for (const std::string& bytes : {std::string(), std::string("no module"), std::string(5000, 'P')}) {
        const std::string sentence = refused(bytes);
        expect_contains(sentence, "cannot load " + named() + " as a TorchScript module (");
        EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
        EXPECT_EQ(sentence.find(". "), std::string::npos) << sentence;
    }
    expect_contains(sentence_of<InputError>([&] { const Lpips lpips(folder_ / "nowhere.pt"); }), "nowhere.pt");
    expect_contains(sentence_of<InputError>([&] { const Lpips lpips(folder_.path()); }), folder_.path().string());
}

TEST_F(LpipsModule, ATruncatedModuleIsRefused) {
    const std::filesystem::path path = module("def forward(self, image, target):\n  return image.mean()\n");
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    expect_contains(sentence_of<InputError>([&] { const Lpips lpips(path); }), "cannot load " + named());
}

TEST_F(LpipsModule, ImagesThatAreNotAlikeAreRefused) {
    const Lpips lpips(module("def forward(self, image, target):\n  return image.mean()\n"));
    EXPECT_THROW((void)lpips(rows_of(pair_.image), rows_of(patches(3, 300, 41, 1))), Error);
}

TEST_F(LpipsModule, RunningOutOfMemoryIsToldAsThat) {
    const std::string sentence = sentence_of<MemoryError>([&] {
        (void)measured("def forward(self, image, target):\n  return image.repeat(1000000, 1000000, 1, 1).mean()\n");
    });
    EXPECT_EQ(sentence, "memory does not suffice to run " + named() + " on 40 x 300 pixels; leave --lpips out");
}

}  // namespace
}  // namespace gsfit

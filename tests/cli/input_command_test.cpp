// Images that are hardly images, and numbers of Gaussians that do not fit them.

#include <gtest/gtest.h>

#include "cli/pictures.h"
#include "cli/process.h"
#include "cli/runs.h"

namespace gsfit::test {
namespace {

namespace fs = std::filesystem;

void expect_refused(const Workspace& workspace, const std::vector<std::string>& arguments, int exit_code,
                    const std::string& sentence) {
    const Result result = gsfit(workspace, arguments);
    EXPECT_EQ(result.exit_code, exit_code);
    EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
    EXPECT_EQ(result.out, "");
    EXPECT_FALSE(fs::exists(workspace / "run")) << "a refused run leaves no folder";
}

void expect_fits(const Workspace& workspace, const std::string& image, const std::string& gaussians) {
    const Result result = gsfit(workspace, {"train", image, "--output", "run", "--num_gaussians", gaussians,
                                            "--max_steps", "12", "--progress", "none"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(picture_size(workspace / "run/render.png").width, picture_size(workspace / image).width);
    EXPECT_EQ(picture_size(workspace / "run/render.png").height, picture_size(workspace / image).height);
}

TEST(Input, NoImageIsGiven) {
    expect_refused(Workspace(), {"train", "--output", "run", "--progress", "none"}, 2,
                   "no image is given; name one, for instance gsfit train photo.jpg");
}

TEST(Input, MissingFile) {
    expect_refused(Workspace(), short_training("none.png", "run"), 3,
                   "cannot read 'none.png': No such file or directory; check the name and its permissions");
}

TEST(Input, Directory) {
    const Workspace workspace;
    fs::create_directory(workspace / "folder.png");
    expect_refused(workspace, short_training("folder.png", "run"), 3,
                   "there is no image in 'folder.png'; name a folder with PNG, JPEG, TIFF, WebP or EXR files (folders "
                   "below it do not count)");
}

TEST(Input, EmptyFile) {
    const Workspace workspace;
    write_text(workspace / "empty.png", "");
    expect_refused(workspace, short_training("empty.png", "run"), 3, "cannot read 'empty.png': it is empty");
}

TEST(Input, TextNamedPng) {
    const Workspace workspace;
    write_text(workspace / "text.png", "This is not a picture, whatever its name says.\n");
    expect_refused(workspace, short_training("text.png", "run"), 3,
                   "cannot read 'text.png': it is no PNG, JPEG, TIFF, WebP or EXR image; convert it first");
}

TEST(Input, TruncatedFile) {
    const Workspace workspace;
    write_picture(workspace / "whole.png", 64, 48);
    const std::string bytes = read_text(workspace / "whole.png");
    write_text(workspace / "cut.png", bytes.substr(0, bytes.size() / 2));
    expect_refused(workspace, short_training("cut.png", "run"), 3,
                   "cannot read 'cut.png': it is damaged, cut short or of a rare kind (the file ends too early or "
                   "cannot be read); try a "
                   "fresh copy of the file");
}

TEST(Input, NoGaussians) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 8, 8);
    expect_refused(workspace, {"train", "photo.png", "--output", "run", "--num_gaussians", "0"}, 2,
                   "--num_gaussians must be a whole number, auto or 1 to 10000000, not '0'");
}

TEST(Input, MoreGaussiansThanPixels) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 8, 8);
    expect_refused(workspace, short_training("photo.png", "run"), 2,
                   "num_gaussians is 100, but the image has only 64 pixels: ask for fewer");
}

TEST(Input, AsManyGaussiansAsPixels) {
    const Workspace workspace;
    write_picture(workspace / "photo.png", 8, 8);
    expect_fits(workspace, "photo.png", "64");
}

TEST(Input, OnePixel) {
    const Workspace workspace;
    write_flat_picture(workspace / "dot.png", 1, 1, 0.5);
    expect_fits(workspace, "dot.png", "1");
}

TEST(Input, OnePixelHigh) {
    const Workspace workspace;
    write_picture(workspace / "line.png", 300, 1);
    expect_fits(workspace, "line.png", "20");
}

TEST(Input, OnePixelWide) {
    const Workspace workspace;
    write_picture(workspace / "line.png", 1, 300);
    expect_fits(workspace, "line.png", "20");
}

TEST(Input, AllBlack) {
    const Workspace workspace;
    write_flat_picture(workspace / "black.png", 64, 48, 0);
    expect_fits(workspace, "black.png", "50");
}

TEST(Input, Flat) {
    const Workspace workspace;
    write_flat_picture(workspace / "flat.png", 64, 48, 0.6);
    expect_fits(workspace, "flat.png", "50");
}

}  // namespace
}  // namespace gsfit::test

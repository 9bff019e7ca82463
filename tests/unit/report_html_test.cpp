#include "gsfit/report/html.h"
#include "report/script_data.h"

#include <gtest/gtest.h>

namespace gsfit {
namespace {

TEST(Html, TextEndsNeitherElementNorAttribute) {
    EXPECT_EQ(escaped("<a href=\"x\" id='y'>&amp;"), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;");
    EXPECT_EQ(escaped(std::string("a\0b\xff\xc3", 5)), "a\ufffdb\ufffd\ufffd");
    EXPECT_EQ(escaped("\u00e9\u221e"), "\u00e9\u221e");
}

TEST(Html, DataDoesNotEndItsScript) {
    const nlohmann::ordered_json json{{"</script><!--", "<script>\xff"}};
    const std::string text = script_data(json);
    EXPECT_EQ(text.find('<'), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(text)["</script><!--"], "<script>\ufffd");
}

TEST(Html, DataUriIsBase64) {
    const auto uri = [](std::string_view bytes) {
        return data_uri("a/b", std::as_bytes(std::span(bytes.data(), bytes.size())));
    };
    EXPECT_EQ(uri(""), "data:a/b;base64,");  // RFC 4648, section 10
    EXPECT_EQ(uri("f"), "data:a/b;base64,Zg==");
    EXPECT_EQ(uri("fo"), "data:a/b;base64,Zm8=");
    EXPECT_EQ(uri("foobar"), "data:a/b;base64,Zm9vYmFy");
    EXPECT_EQ(uri("\xfb\xff\xfe"), "data:a/b;base64,+//+");
}

TEST(Html, PartsAreNotLookedAt) {
    EXPECT_EQ(filled("<{{a}}|{{b}}|{{a}}>", {{"a", "{{b}}"}, {"b", "}}"}}), "<{{b}}|}}|{{b}}>");
    EXPECT_THROW(filled("{{c}}", {}), std::out_of_range);
}

}  // namespace
}  // namespace gsfit

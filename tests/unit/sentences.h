#pragma once

#include <gtest/gtest.h>

#include <string>

namespace gsfit {

/// The message of the exception that `body` throws; a failed expectation when it throws none of this type.
template <class Exception, class Body>
std::string sentence_of(const Body& body) {
    try {
        body();
    } catch (const Exception& error) {
        return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

inline void expect_contains(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text << "\nlacks: " << part;
}

}  // namespace gsfit

// What tests of the engine share: orders, and the sentences of findings.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <initializer_list>
#include <regex>
#include <string>
#include <vector>

#include "simt/engine.h"

namespace simt_test {

constexpr const char* orders[] = {"fwd", "rev", "1", "2", "3"};

/// Launches run in this order while it lives.
class InOrder {
public:
    explicit InOrder(const char* order) : before_(text(getenv("SIMT_ORDER"))) { setenv("SIMT_ORDER", order, 1); }
    ~InOrder() { setenv("SIMT_ORDER", before_.c_str(), 1); }
    InOrder(const InOrder&) = delete;
    InOrder& operator=(const InOrder&) = delete;

private:
    static std::string text(const char* variable) { return variable ? variable : "fwd"; }
    std::string before_;
};

/// What is found in a launch; empty where nothing is.
template <class Launch>
std::string finding_of(Launch launch) {
    try {
        launch();
    } catch (const simt::Finding& finding) {
        return finding.what();
    }
    return "";
}

inline std::string line_of(const std::string& file, int number) {
    std::ifstream lines(file);
    std::string line;
    for (int i = 0; i < number; ++i) std::getline(lines, line);
    return line;
}

/// The text of the lines that a finding names as <file>:<line>.
inline std::vector<std::string> lines_named(const std::string& finding) {
    static const std::regex place("(/[^ :]+):([0-9]+)");
    std::vector<std::string> lines;
    for (std::sregex_iterator match(finding.begin(), finding.end(), place), end; match != end; ++match) {
        lines.push_back(line_of((*match)[1], std::stoi((*match)[2])));
    }
    return lines;
}

/// Whether the finding says `what` and names just these lines, in any order; of each a part is given.
inline testing::AssertionResult says(const std::string& finding, const std::string& what,
                                     std::initializer_list<const char*> parts) {
    auto lines = lines_named(finding);
    bool all = finding.find(what) != std::string::npos && lines.size() == parts.size();
    for (const char* part : parts) {
        const auto names = [&](const std::string& line) { return line.find(part) != std::string::npos; };
        const auto line = std::find_if(lines.begin(), lines.end(), names);
        all = all && line != lines.end();
        if (line != lines.end()) lines.erase(line);
    }
    return all ? testing::AssertionSuccess() : testing::AssertionFailure() << "the finding was: " << finding;
}

}  // namespace simt_test

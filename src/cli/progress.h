#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gsfit/train.h"

namespace gsfit::cli {

/// What a person, or a program, sees of a run while it goes on; written to stderr.
class Progress {
public:
    Progress() = default;
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    virtual ~Progress() = default;

    /// What is being done outside the steps, for instance "decoding photo.jpg".
    virtual void phase(const std::string& what) = 0;
    /// A sentence that the user must see, in every style.
    virtual void note(const std::string& sentence);

    /// A listener; the message of a `noted` event is a note.
    void operator()(const TrainEvent& event);

protected:
    virtual void event(const TrainEvent& event) = 0;
};

/// style: auto (bar on a terminal, plain otherwise), bar, plain, json or none. max_steps: 0 when the run ends by the
/// clock.
std::unique_ptr<Progress> make_progress(const std::string& style, std::int64_t max_steps);

}  // namespace gsfit::cli

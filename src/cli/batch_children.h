#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace gsfit::cli {

/// How a child process ended.
struct ChildEnd {
    std::size_t id = 0;
    int exit_code = 0;
    int signal = 0;         ///< that ended it; 0: none
    std::string last_line;  ///< that it wrote to stderr
};

/// This program, run several times at once in processes of its own. A child ends with its parent, however that ends
/// (by SIGTERM, on which a run saves), and gets no signal of the terminal but those that are passed on.
class Children {
public:
    Children() = default;
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;
    /// Stops those that still run and waits for them.
    ~Children();

    /// Starts `gsfit <words>`; `id` will tell it from the others. Throws Error when no process can be made.
    void start(std::size_t id, const std::vector<std::string>& words);
    /// Waits until some have ended, a signal arrives or a tenth of a second is over.
    std::vector<ChildEnd> wait();
    void send(int signal) const;
    [[nodiscard]] std::size_t count() const { return children_.size(); }

private:
    struct Child {
        std::size_t id;
        pid_t process;
        int pipe;          ///< what it writes to stderr arrives here
        std::string tail;  ///< the last of that
        bool open = true;
    };
    static void read(Child& child);

    std::vector<Child> children_;
};

}  // namespace gsfit::cli

#pragma once

#include "codec/plan.h"

namespace gsfit::codec {

/// The file of a plan whose parts have all their symbols.
std::vector<std::byte> file_of(Plan& plan);

}  // namespace gsfit::codec

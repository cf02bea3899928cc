// Asio's non-template parts, compiled once for the whole build.
#include <boost/asio/impl/src.hpp>

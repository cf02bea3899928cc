// Beast's non-template parts, compiled once for the whole build.
#include <boost/beast/src.hpp>

#ifndef TYKPP_VERSION_H
#define TYKPP_VERSION_H
/// Release of the gateway, as printed by `tykpp version` and sent as `User-Agent: Tyk/<version>`.
#define TYKPP_VERSION "0.1.0"
#endif

#pragma once
// A certificate for tests, good until 2125.

#include <string_view>

namespace tykpp::test {

inline constexpr std::string_view kCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBTzCB96ADAgECAhQmrngsGXvsv6Zt2nKvEetOvo4etjAKBggqhkjOPQQDAjAS
MRAwDgYDVQQDDAd0ZXN0IGNhMCAXDTI1MDEwMTAwMDAwMFoYDzIxMjUwMTAxMDAw
MDAwWjAVMRMwEQYDVQQDDApjbGllbnQgb25lMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEAj7B1EzHfY1sHTjCUnjc1JPkIESOF6MiB7uql5HdWeFQbMcrz0dS417P
rIbTg7r3+YFVzjY1ez5SGMO+pa3u36MmMCQwDAYDVR0TAQH/BAIwADAUBgNVHREE
DTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwIDRwAwRAIgLUzV8gRKYk4xs5GU155S
4BS63BMkFetmeH62BzY02+ECIF66icAtEe9K4NOBRDUb2Cx6+0mZBb2Hl0itXtwS
dfI2
-----END CERTIFICATE-----
)";
/// SHA-256 of it.
inline constexpr std::string_view kFingerprint =
    "f94f2b9289ba4f591df05e1a7647bff2024fb7fba767e8ed1a23a70de5c94e50";
inline constexpr std::string_view kPrivateKey = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglEpsNIH4OR2ZSiET
1UIMWcwVGB2vm8xxZGs2vDKBiAWhRANCAAQCPsHUTMd9jWwdOMJSeNzUk+QgRI4X
oyIHu6qXkd1Z4VBsxyvPR1LjXs+shtODuvf5gVXONjV7PlIYw76lre7f
-----END PRIVATE KEY-----
)";
inline constexpr std::string_view kPublicKey = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAj7B1EzHfY1sHTjCUnjc1JPkIESO
F6MiB7uql5HdWeFQbMcrz0dS417PrIbTg7r3+YFVzjY1ez5SGMO+pa3u3w==
-----END PUBLIC KEY-----
)";
/// Of another certificate.
inline constexpr std::string_view kOtherPrivateKey = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgk0ME/Nv1pHbjwZfN
nruE9E3gqPa4zLCaRMdWqjBM2sihRANCAASxykH5U+uha4mGWwiFmisxM4kY5D1/
7xioMtJL1VtYzU8VHu+KbLNPkXSsZiAGt5h3wNUfGKfe+g6NBzGT6fDq
-----END PRIVATE KEY-----
)";

}  // namespace tykpp::test

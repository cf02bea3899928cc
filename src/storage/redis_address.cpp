#include "storage/redis_address.hpp"

namespace tykpp::storage {

std::vector<RedisCommand> greeting(const RedisAddress& address) {
  std::vector<RedisCommand> commands;
  if (!address.password.empty()) {
    RedisCommand& auth = commands.emplace_back(RedisCommand{"AUTH"});
    if (!address.username.empty()) auth.push_back(address.username);
    auth.push_back(address.password);
  }
  if (address.database != 0) {
    commands.push_back(RedisCommand{"SELECT", std::to_string(address.database)});
  }
  return commands;
}

}  // namespace tykpp::storage

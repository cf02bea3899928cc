#pragma once
// SQLite behind a few words: statements that are prepared once, and one place where the first
// failure of a transaction is kept, so that whoever writes need not look after each step.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"

namespace tykpp::storage {

/// Thread: one at a time.
class Database {
 public:
  /// Opens or makes the file, with the lock that keeps other processes out (`<file>.lock`).
  /// @error kIo  not a database, of a newer release, used by another process, not writable
  static Result<std::unique_ptr<Database>> open(const std::string& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql);
  int changes() const noexcept { return sqlite3_changes(handle_); }
  /// SQLite's code of the first failure since clear(); SQLITE_OK without one.
  int failure() const noexcept { return failure_; }
  /// The failure for people, with a stable name in front: `disk_full: …`.
  std::string failureText() const;
  const char* failureName() const noexcept;
  void clear() noexcept { failure_ = SQLITE_OK; }
  /// Ends an open transaction without its changes; SQLite may have done so already.
  void rollBack() noexcept;

 private:
  friend class Query;
  Database() = default;
  Result<void> prepareFile(const std::string& file);
  sqlite3_stmt* statement(const char* sql);
  void fail(int code);
  sqlite3* handle_ = nullptr;
  int lock_ = -1;
  int failure_ = SQLITE_OK;
  std::string failure_text_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;  // by the literal's address
};

/// One use of a prepared statement. `sql` is a literal; bound texts must live until the next reset.
class Query {
 public:
  Query(Database& database, const char* sql)
      : database_(database), statement_(database.statement(sql)) {}
  ~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& bytes(int place, std::string_view value);
  Query& number(int place, std::int64_t value);
  Query& real(int place, double value);
  /// @return whether there is a row; false after the last one and after a failure
  bool step();
  /// Runs to the end.
  void all() {
    while (step()) {
    }
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  double real(int column) const { return sqlite3_column_double(statement_, column); }
  std::string bytes(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* statement_;
};

}  // namespace tykpp::storage

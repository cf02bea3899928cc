#include "storage/impl/embedded_database.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace tykpp::storage {
namespace {

constexpr int kSchemaVersion = 1;

/// Keys are compared as bytes, so that a prefix is a range. `expires` is in unix milliseconds, 0
/// for good. `kind` is entryKind's number.
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS entry(key BLOB PRIMARY KEY, kind INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, value BLOB) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS entry_expires ON entry(expires) WHERE expires > 0;"
    "CREATE TABLE IF NOT EXISTS item(key BLOB NOT NULL, place INTEGER NOT NULL, value BLOB,"
    " PRIMARY KEY(key, place)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS member(key BLOB NOT NULL, member BLOB NOT NULL, score REAL,"
    " value BLOB, PRIMARY KEY(key, member)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS member_score ON member(key, score, member);"
    "CREATE TABLE IF NOT EXISTS counter(key BLOB PRIMARY KEY, value INTEGER NOT NULL,"
    " expires INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS counter_expires ON counter(expires) WHERE expires > 0;";

/// 16 MiB of pages in memory; the log goes into the file when it has as much.
constexpr const char* kSettings =
    "PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-16384;"
    " PRAGMA wal_autocheckpoint=4000;";

/// A lock on a file beside the database: SQLite's own would keep the operator's tools out too.
Result<int> lockFile(const std::string& file) {
  const std::string name = file + ".lock";
  const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Error(Errc::kIo, name + ": " + std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  const int code = errno;
  ::close(fd);
  if (code != EWOULDBLOCK) return Error(Errc::kIo, name + ": " + std::strerror(code));
  return Error(Errc::kIo, "in_use: another process works with " + file);
}

/// Keys are for nobody else to read. SQLite gives the files it makes beside this one the same
/// permissions. A file that is there already stays as its owner wants it.
void makePrivate(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& file) {
  std::error_code ignored;
  const auto folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  const auto lock = lockFile(file);
  if (!lock) return lock.error();
  std::unique_ptr<Database> database(new Database);
  database->lock_ = *lock;
  makePrivate(file);
  if (const auto done = database->prepareFile(file); !done) return done.error();
  return database;
}

Result<void> Database::prepareFile(const std::string& file) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(file.c_str(), &handle_, flags, nullptr);
  if (handle_ == nullptr) return Error(Errc::kIo, file + ": no memory");
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, 2000);  // an operator's tool may hold it for a moment
  if (failure_ == SQLITE_OK) run(kSettings);
  std::int64_t version = 0;
  if (failure_ == SQLITE_OK) {
    Query query(*this, "PRAGMA user_version");
    if (query.step()) version = query.number(0);
  }
  if (version > kSchemaVersion) {
    return Error(Errc::kIo, "newer_release: " + file + " was written by a newer release (schema " +
                                std::to_string(version) + ")");
  }
  if (failure_ == SQLITE_OK && version < kSchemaVersion) {
    const std::string sql = std::string("BEGIN IMMEDIATE;") + kSchema +
                            "PRAGMA user_version=" + std::to_string(kSchemaVersion) + ";COMMIT;";
    run(sql.c_str());
  }
  if (failure_ != SQLITE_OK) return Error(Errc::kIo, file + ": " + failureText());
  return {};
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
  if (lock_ >= 0) ::close(lock_);
}

void Database::run(const char* sql) {
  if (failure_ != SQLITE_OK) return;
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

void Database::fail(int code) {
  if (failure_ != SQLITE_OK) return;
  failure_ = sqlite3_extended_errcode(handle_);
  if (failure_ == SQLITE_OK) failure_ = code;
  failure_text_ = sqlite3_errmsg(handle_);
}

const char* Database::failureName() const noexcept {
  switch (failure_ & 0xff) {
    case SQLITE_FULL:
      return "disk_full";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "damaged_file";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "in_use";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return "not_writable";
    case SQLITE_IOERR:
      return "disk_error";
    case SQLITE_NOMEM:
      return "out_of_memory";
    default:
      return "database_error";
  }
}

std::string Database::failureText() const {
  return std::string(failureName()) + ": " + failure_text_;
}

void Database::rollBack() noexcept {
  if (sqlite3_get_autocommit(handle_) == 0) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

sqlite3_stmt* Database::statement(const char* sql) {
  if (failure_ != SQLITE_OK) return nullptr;
  const auto [at, fresh] = statements_.try_emplace(sql, nullptr);
  if (at->second == nullptr) {
    const int code =
        sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &at->second, nullptr);
    if (code != SQLITE_OK) fail(code);
  }
  return at->second;
}

Query& Query::bytes(int place, std::string_view value) {
  if (statement_ == nullptr) return *this;
  // An empty view may have no address, which would bind NULL.
  const char* data = value.empty() ? "" : value.data();
  sqlite3_bind_blob64(statement_, place, data, value.size(), SQLITE_STATIC);
  return *this;
}

Query& Query::number(int place, std::int64_t value) {
  if (statement_ != nullptr) sqlite3_bind_int64(statement_, place, value);
  return *this;
}

Query& Query::real(int place, double value) {
  if (statement_ != nullptr) sqlite3_bind_double(statement_, place, value);
  return *this;
}

bool Query::step() {
  if (statement_ == nullptr || database_.failure() != SQLITE_OK) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail(code);
  return false;
}

std::string Query::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

}  // namespace tykpp::storage

#include <utility>

#include "storage/impl/embedded_client.hpp"
#include "storage/key_store.hpp"

namespace tykpp::storage {
namespace {

class EmbeddedKeyStore final : public KeyStore {
 public:
  explicit EmbeddedKeyStore(EmbeddedOptions options) : engine_(std::move(options)) {}
  std::unique_ptr<KeyStoreClient> client(net::Loop& loop) override {
    return std::make_unique<EmbeddedClient>(loop, engine_, channels_);
  }
  StoreState state() const override { return engine_.status().state(); }
  void onChange(OnChange listener) override { engine_.status().onChange(std::move(listener)); }

 private:
  mutable Engine engine_;
  std::shared_ptr<LocalChannels> channels_ = std::make_shared<LocalChannels>();
};

}  // namespace

std::unique_ptr<KeyStore> makeEmbeddedKeyStore(EmbeddedOptions options) {
  return std::make_unique<EmbeddedKeyStore>(std::move(options));
}

}  // namespace tykpp::storage

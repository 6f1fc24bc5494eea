#include "rocksdb_failure.h"

#include <memory>

#include <rocksdb/listener.h>
#include <rocksdb/options.h>

namespace {

class NoRecovery : public rocksdb::EventListener {
public:
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool *auto_recovery) override { *auto_recovery = false; }
};

}  // namespace

void rocksdb_failure_is_final(rocksdb_options_t *options) {
    // The C API's type is a structure whose only member is the C++ API's.
    rocksdb::Options *inner = reinterpret_cast<rocksdb::Options *>(options);
    inner->listeners.push_back(std::make_shared<NoRecovery>());
    inner->max_bgerror_resume_count = 0;
}

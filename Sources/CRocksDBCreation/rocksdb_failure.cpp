#include "rocksdb_failure.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include <rocksdb/listener.h>
#include <rocksdb/options.h>

namespace {

class FirstFailure : public rocksdb::EventListener {
public:
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool *auto_recovery) override { *auto_recovery = false; }

    void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status *status) override {
        std::lock_guard<std::mutex> guard(lock);
        if (is_set.load(std::memory_order_relaxed)) return;
        text = status->ToString();
        is_set.store(true, std::memory_order_release);
    }

    /* Never changes again once it is set. */
    const char *message() const { return is_set.load(std::memory_order_acquire) ? text.c_str() : nullptr; }

private:
    std::mutex lock;
    std::atomic<bool> is_set{false};
    std::string text;
};

}  // namespace

struct rocksdb_failure {
    std::shared_ptr<FirstFailure> first;
};

rocksdb_failure *rocksdb_failure_is_final(rocksdb_options_t *options) {
    // The C API's type is a structure whose only member is the C++ API's.
    rocksdb::Options *inner = reinterpret_cast<rocksdb::Options *>(options);
    auto first = std::make_shared<FirstFailure>();
    inner->listeners.push_back(first);
    inner->max_bgerror_resume_count = 0;
    return new rocksdb_failure{first};
}

const char *rocksdb_failure_message(const rocksdb_failure *failure) { return failure->first->message(); }

void rocksdb_failure_free(rocksdb_failure *failure) { delete failure; }

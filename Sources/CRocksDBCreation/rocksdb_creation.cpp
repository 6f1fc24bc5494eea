#include "rocksdb_creation.h"

#include <cstring>
#include <string>
#include <vector>

#include <rocksdb/db.h>

namespace {

rocksdb::Slice slice(const unsigned char *bytes, size_t size) {
    return rocksdb::Slice(reinterpret_cast<const char *>(bytes), size);
}

rocksdb::Status create(
    rocksdb::DB *db, const std::vector<std::string> &names, const rocksdb_creation_entry *entries, size_t entry_count) {
    std::vector<rocksdb::ColumnFamilyHandle *> handles;
    rocksdb::Status status = db->CreateColumnFamilies(rocksdb::ColumnFamilyOptions(), names, &handles);
    if (status.ok()) {
        rocksdb::WriteBatch batch;
        for (size_t index = 0; index < entry_count; index++) {
            const rocksdb_creation_entry &entry = entries[index];
            batch.Put(handles[entry.family], slice(entry.key, entry.key_size), slice(entry.value, entry.value_size));
        }
        rocksdb::WriteOptions options;
        options.sync = true;
        status = db->Write(options, &batch);
    }
    for (rocksdb::ColumnFamilyHandle *handle : handles) db->DestroyColumnFamilyHandle(handle);
    return status;
}

}  // namespace

char *rocksdb_creation_run(
    const char *path, const char *const *families, size_t family_count, const rocksdb_creation_entry *entries, size_t entry_count) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.error_if_exists = true;
    options.info_log_level = rocksdb::FATAL_LEVEL;
    rocksdb::DB *db = nullptr;
    rocksdb::Status status = rocksdb::DB::Open(options, path, &db);
    if (status.ok()) {
        status = create(db, std::vector<std::string>(families, families + family_count), entries, entry_count);
        rocksdb::Status closing = db->Close();
        if (status.ok()) status = closing;
        delete db;
    }
    return status.ok() ? nullptr : strdup(status.ToString().c_str());
}

#include "rocksdb_table_check.h"

#include <cstring>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>

char *rocksdb_table_check_run(const char *path) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(4 << 20);
    // Opening then reads every partition of the index and of the filter; any policy makes a reader for filters of all kinds.
    table.cache_index_and_filter_blocks = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    rocksdb::Options options;
    options.info_log_level = rocksdb::FATAL_LEVEL;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

    rocksdb::SstFileReader reader(options);
    rocksdb::Status status = reader.Open(path);
    if (status.ok()) status = reader.VerifyChecksum();
    return status.ok() ? nullptr : strdup(status.ToString().c_str());
}

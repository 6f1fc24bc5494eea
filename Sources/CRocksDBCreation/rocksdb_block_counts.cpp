#include "rocksdb_block_counts.h"

#include <rocksdb/perf_context.h>

rocksdb_block_counts rocksdb_block_counts_take(void) {
    static thread_local rocksdb_block_counts last = {0, 0};
    const rocksdb::PerfContext *context = rocksdb::get_perf_context();
    const rocksdb_block_counts now = {context->block_cache_hit_count, context->block_read_count};
    const rocksdb_block_counts taken = {now.hits - last.hits, now.reads - last.reads};
    last = now;
    return taken;
}

#ifndef MARTLET_ROCKSDB_BLOCK_COUNTS_H
#define MARTLET_ROCKSDB_BLOCK_COUNTS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How many blocks RocksDB has needed.
typedef struct {
    /// Those that were in the block cache.
    uint64_t hits;
    /// Those that were read from files.
    uint64_t reads;
} rocksdb_block_counts;

/// What the calling thread's reads have needed since it asked the last time.
///
/// RocksDB counts for each thread anyway, at its default perf level. Its C API gives the counts through an object that has to be made and
/// kept for each thread, which costs more than a read may.
rocksdb_block_counts rocksdb_block_counts_take(void);

#ifdef __cplusplus
}
#endif

#endif

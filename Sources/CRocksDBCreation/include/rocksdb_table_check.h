#ifndef MARTLET_ROCKSDB_TABLE_CHECK_H
#define MARTLET_ROCKSDB_TABLE_CHECK_H

#ifdef __cplusplus
extern "C" {
#endif

/// Reads every block of the table file at `path`, partitions of its index and filter among them, and checks their checksums.
///
/// RocksDB's C API reads only the blocks that a lookup or a walk comes by, and a lookup passes over a damaged filter in silence.
///
/// Returns NULL, or a message which the caller frees.
char *rocksdb_table_check_run(const char *path);

#ifdef __cplusplus
}
#endif

#endif

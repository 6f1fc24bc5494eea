#ifndef MARTLET_ROCKSDB_CREATION_H
#define MARTLET_ROCKSDB_CREATION_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An entry that a column family of a new database begins with.
typedef struct {
    /// The index of its column family among those that are created.
    size_t family;
    const unsigned char *key;
    size_t key_size;
    const unsigned char *value;
    size_t value_size;
} rocksdb_creation_entry;

/// Creates a database in the directory `path` with the named column families, all with default options, and writes and syncs the entries.
///
/// RocksDB's C API creates column families one at a time, and writes and reads again the options of all of them after each: for some
/// sixty of them that takes longer than everything else at a start. C++ creates them together.
///
/// Returns NULL, or a message which the caller frees.
char *rocksdb_creation_run(
    const char *path, const char *const *families, size_t family_count, const rocksdb_creation_entry *entries, size_t entry_count);

#ifdef __cplusplus
}
#endif

#endif

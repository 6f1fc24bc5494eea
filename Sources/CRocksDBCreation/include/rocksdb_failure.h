#ifndef ROCKSDB_FAILURE_H
#define ROCKSDB_FAILURE_H

#include <rocksdb/c.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an instance's first failure was. */
typedef struct rocksdb_failure rocksdb_failure;

/*
 * Has an instance that is opened with these options refuse every write after one has failed, until it is opened anew, and remember what failed.
 *
 * By default RocksDB goes on by itself, at once when the disk was full and has space now, and some time later otherwise: it writes its memory
 * to tables, one column family after the other, though its log lacks some of what is in it. After a crash in between, a part of a write
 * batch would be there.
 *
 * The caller frees what it returns; the instance may outlive it.
 */
rocksdb_failure *rocksdb_failure_is_final(rocksdb_options_t *options);

/* What has failed, a write or something in the background: NULL, or a message that lives as long as `failure`. For any thread. */
const char *rocksdb_failure_message(const rocksdb_failure *failure);

void rocksdb_failure_free(rocksdb_failure *failure);

#ifdef __cplusplus
}
#endif

#endif

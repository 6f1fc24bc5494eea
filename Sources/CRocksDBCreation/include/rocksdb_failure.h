#ifndef ROCKSDB_FAILURE_H
#define ROCKSDB_FAILURE_H

#include <rocksdb/c.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Has an instance that is opened with these options refuse every write after one has failed, until it is opened anew.
 *
 * By default RocksDB goes on by itself, at once when the disk was full and has space now, and some time later otherwise: it writes its memory
 * to tables, one column family after the other, though its log lacks some of what is in it. After a crash in between, a part of a write
 * batch would be there.
 */
void rocksdb_failure_is_final(rocksdb_options_t *options);

#ifdef __cplusplus
}
#endif

#endif

import CMalloc

/// How the C library's allocator behaves, which RocksDB, Swift and Argon2 share.
enum MemoryAllocator {
    /// Larger pieces of memory are mapped by themselves, and given back to the system as soon as they are free.
    private static let mappedFromBytes: Int32 = 256 << 10
    /// By default each thread has an arena of its own, up to eight for each core. Each keeps what was once used in it, and grows page by
    /// page, with a system call for each: opening the databases takes a tenth longer.
    private static let arenasMax: Int32 = 1
    /// The arena grows by so much at a time.
    private static let growthBytes: Int32 = 1 << 20

    /// Keeps the server small: left to itself, the allocator moves the bound for large pieces up with the first password hash's 19 MiB,
    /// and then keeps such pieces in every thread's arena.
    static func keepSmall() {
        mallopt(M_MMAP_THRESHOLD, mappedFromBytes)
        mallopt(M_ARENA_MAX, arenasMax)
        mallopt(M_TOP_PAD, growthBytes)
    }
}

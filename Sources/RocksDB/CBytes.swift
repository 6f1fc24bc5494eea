/// Returns what a constructor of the C API made. They return null only where C++'s `new` would have thrown, and then nothing can go on.
func created(_ pointer: OpaquePointer?) -> OpaquePointer {
    guard let pointer else { fatalError("RocksDB returned no object where its C API promises one") }
    return pointer
}

extension UnsafeRawBufferPointer {
    /// The start of the bytes as the C API takes it: never null, since RocksDB's slices assert that even for empty ones.
    var chars: UnsafePointer<CChar> {
        (baseAddress ?? Self.emptySlice).assumingMemoryBound(to: CChar.self)
    }

    // Invariant of nonisolated(unsafe): only its address is used; the byte behind it is neither read nor written.
    private nonisolated(unsafe) static let emptySlice = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
}

extension [UInt8] {
    /// Calls `body` with the array's bytes. Unlike the standard library's `withUnsafeBytes` it keeps the type of the error.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeBufferPointer { (buffer) throws(Failure) in try body(UnsafeRawBufferPointer(buffer)) }
    }
}

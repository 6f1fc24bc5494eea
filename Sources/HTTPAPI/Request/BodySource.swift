import HummingbirdCore
import MatrixProtocol
import NIOCore
import Synchronization

/// A request's body while it is on its way: collected once, when somebody first asks, and within the route's limit.
final class BodySource: Sendable {
    /// The connection failed while the body was read: nobody is left to answer.
    struct ConnectionFailure: Error {
        let reason: any Error
    }

    private enum State {
        case unread(RequestBody)
        case collected(Result<[UInt8], any Error>)
    }

    private let state: Mutex<State>
    private let announcedSizeBytes: Int?
    private let sizeMaxBytes: Int

    /// - Parameter announcedSizeBytes: the size that the request's head gives; nil if it gives none.
    init(_ body: RequestBody, announcedSizeBytes: Int?, sizeMaxBytes: Int) {
        state = Mutex(.unread(body))
        self.announcedSizeBytes = announcedSizeBytes
        self.sizeMaxBytes = sizeMaxBytes
    }

    /// The whole body. Handlers ask one after the other, never at the same time.
    ///
    /// - Throws: `M_TOO_LARGE` without reading further, `ConnectionFailure`.
    func collect() async throws -> [UInt8] {
        let body: RequestBody
        switch state.withLock({ $0 }) {
        case .collected(let result): return try result.get()
        case .unread(let unread): body = unread
        }
        let result: Result<[UInt8], any Error>
        do { result = .success(try await read(body)) } catch { result = .failure(error) }
        state.withLock { $0 = .collected(result) }
        return try result.get()
    }

    private func read(_ body: RequestBody) async throws -> [UInt8] {
        if let announcedSizeBytes, announcedSizeBytes > sizeMaxBytes { throw tooLarge }
        var bytes: [UInt8] = []
        var iterator = body.makeAsyncIterator()
        while let buffer = try await Self.next(&iterator) {
            if bytes.count + buffer.readableBytes > sizeMaxBytes { throw tooLarge }
            if bytes.isEmpty { bytes.reserveCapacity(max(buffer.readableBytes, announcedSizeBytes ?? 0)) }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }

    private static func next(_ iterator: inout RequestBody.AsyncIterator) async throws -> ByteBuffer? {
        do { return try await iterator.next() } catch { throw ConnectionFailure(reason: error) }
    }

    private var tooLarge: MatrixError {
        MatrixError(.tooLarge, "The request's body is larger than the allowed \(sizeMaxBytes) bytes")
    }
}

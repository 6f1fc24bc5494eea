import NIOCore
import NIOPosix
import Store
import Synchronization

/// Finds the addresses that hosts' names lead to.
///
/// The system's resolver blocks a thread for as long as name servers take to answer, or don't, so this has threads of its own, for which nothing else
/// waits, and whoever asks waits for a limited time.
final class NameResolver: Sendable {
    private let threads: NIOThreadPool
    private let timeout: TimeAmount
    private let resolve: @Sendable (_ host: String) throws -> String?
    private let asking = Mutex(0)

    /// So many names are looked up at a time.
    private static let threadCount = 4
    /// So many are asked for at a time, those included that nobody waits for any more.
    private static let askingMax = 64
    /// What an address is resolved with; the URL's own port is the connection's.
    private static let port = 443

    /// That of the process: there are no more threads, however many clients there are.
    static let shared: NameResolver = {
        let threads = NIOThreadPool(numberOfThreads: threadCount)
        threads.start()
        return NameResolver(on: threads, timeout: .seconds(10)) { host in
            try SocketAddress.makeAddressResolvingHost(host, port: port).ipAddress
        }
    }()

    init(on threads: NIOThreadPool, timeout: TimeAmount, resolve: @escaping @Sendable (_ host: String) throws -> String?) {
        self.threads = threads
        self.timeout = timeout
        self.resolve = resolve
    }

    /// The first address of a host; nil if it has none of the internet's.
    ///
    /// - Throws: `OutgoingHTTPError.failed`.
    func address(of host: String) async throws -> String? {
        let isTaken = asking.withLock { asking in
            guard asking < Self.askingMax else { return false }
            asking += 1
            return true
        }
        guard isTaken else { throw OutgoingHTTPError.failed("too many names are being looked up") }
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        let found = eventLoop.makePromise(of: String?.self)
        let timer = eventLoop.scheduleTask(in: timeout) {
            found.fail(OutgoingHTTPError.failed("no name server answers for \(host)"))
        }
        threads.runIfActive(eventLoop: eventLoop) { [resolve] in try resolve(host) }.whenComplete { [self] result in
            timer.cancel()
            asking.withLock { $0 -= 1 }
            // Who has waited too long has been told already.
            found.completeWith(result.mapError { OutgoingHTTPError.failed("\($0)") as any Error })
        }
        return try await found.futureResult.get()
    }
}

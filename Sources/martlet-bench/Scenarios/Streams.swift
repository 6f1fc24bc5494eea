import ArgumentParser
import CanonicalJSON
import NIOCore
import NIOPosix

/// Pushes to a stream that many connections listen to, and compares what a delivery costs with a bare broadcast.
struct Streams: Scenario {
    static let configuration = CommandConfiguration(
        abstract: "Push to a stream that many listen to.",
        discussion: """
            One of the connections to a new stream pushes at a steady rate, and each has to hear every push, in order. Then the same bytes are \
            broadcast by a bare server on SwiftNIO's WebSocket, within this program: one encoded frame in a shared buffer, one writeAndFlush for each \
            connection. The figure to look at is the CPU time of a delivery, and its ratio to that of the bare broadcast; it needs --server-pid.
            """)

    @OptionGroup var options: ScenarioOptions

    @Option(help: "How many connections listen.")
    var connections: Int = 200

    @Option(help: "How many pushes a second.")
    var rate: Int = 100

    @Option(help: "For how many seconds.")
    var seconds: Int = 10

    @Option(help: "What is done with each push: append, relay or replace.")
    var action: String = "append"

    @Option(help: "The size of each value, in bytes.")
    var size: Int = 64

    var settings: [Setting] {
        [
            Setting("connections", connections), Setting("rate", rate), Setting("seconds", seconds), Setting("action", action),
            Setting("size", size),
        ]
    }

    func validate() throws {
        guard connections > 0, rate > 0, seconds > 0, size >= 0, size <= 10_000, ["append", "relay", "replace"].contains(action) else {
            throw ValidationError("There has to be something to push and somebody to listen.")
        }
    }

    func measure(_ side: Side) async throws -> [Measurement] {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.any()
        let bare = try await measureBare(on: eventLoop)
        let account = try await side.makeAccounts(1, purpose: "streams")[0]
        let room = try Scan(try await account.client.request(.post, "/_martlet/streams/new", body: ByteBuffer(string: "{}")))
        let (host, port, path) = try Self.parts(of: try room.string("socket_url"))
        let value = String(repeating: "x", count: size)
        let load = load(host: host, port: port, path: path) { [action] _ in
            #"{"type":"push","key":"bench","value":"\#(value)","action":{"type":"\#(action)"}}"#
        }
        progress("\(side.name): \(connections) connections, \(rate) pushes a second")
        let (outcome, observation) = try await load.run(on: eventLoop) { work in try await side.observe { try await work() } }
        try await group.shutdownGracefully()
        let each = observation.server.map { $0.cpuSeconds * 1e6 / Double(max(1, outcome.deliveries)) }
        return [
            bare.measurement,
            Measurement(
                "deliveries", outcome.tally, observation, isPaced: true,
                extra: [
                    Figure("cpu_us_per_delivery", "CPU, each delivery", each, unit: "µs", decimals: 2),
                    Figure("bare_broadcasts", "bare broadcasts", each.map { $0 / bare.each }, decimals: 2),
                ]),
        ]
    }

    /// What a delivery by the bare broadcast costs, in microseconds of CPU time.
    private func measureBare(on eventLoop: any EventLoop) async throws -> (measurement: Measurement, each: Double) {
        let server = try await BareBroadcast.start()
        let value = String(repeating: "x", count: size)
        let load = load(host: "127.0.0.1", port: server.port, path: "/") { number in
            #"{"type":"push","key":"bench","value":"\#(value)","seq":\#(number)}"#
        }
        progress("bare broadcast: \(connections) connections, \(rate) pushes a second")
        let (outcome, cpuSeconds) = try await load.run(on: eventLoop) { work in
            let before = try await ThreadTime.seconds(of: server.group)
            let outcome = try await work()
            return (outcome, try await ThreadTime.seconds(of: server.group) - before)
        }
        try await server.stop()
        let each = cpuSeconds * 1e6 / Double(max(1, outcome.deliveries))
        let figure = Figure("cpu_us_per_delivery", "CPU, each delivery", each, unit: "µs", decimals: 2)
        return (Measurement("bare broadcast", outcome.tally, nil, isPaced: true, extra: [figure]), each)
    }

    private func load(host: String, port: Int, path: String, _ message: @escaping @Sendable (Int) -> String) -> StreamLoad {
        StreamLoad(
            host: host, port: port, path: path, connections: connections, pushesPerSecond: rate, pushes: rate * seconds, message: message)
    }

    /// The parts of a URL such as `ws://127.0.0.1:8008/path`.
    private static func parts(of url: String) throws -> (host: String, port: Int, path: String) {
        let rest = url.drop { $0 != "/" }.dropFirst(2)
        let authority = rest.prefix { $0 != "/" }
        guard url.hasPrefix("ws://"), let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...])
        else { throw RequestFailure("\(url) is no WebSocket without TLS and with a port") }
        return (String(authority[..<colon]), port, String(rest.dropFirst(authority.count)))
    }
}

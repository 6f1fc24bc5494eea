import ArgumentParser
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store

/// Measures what a large room costs beside an empty one.
struct LargeMeasure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Measure what a large room costs beside an empty one.",
        discussion: """
            Costs are CPU time of all of the server's threads, of the fastest round; the rooms take turns. Blocks are those that the rooms database has read \
            for it, from its cache or the disk. The exit code is 1 if something costs more than it should.
            """)

    @OptionGroup var place: LargeRoomDirectory

    @Option(help: "How often each thing is measured in each room.")
    var rounds: Int = 5

    @Option(help: "How often it is done in a round; things that take long are done once.")
    var count: Int = 200

    func validate() throws {
        guard rounds > 0, count > 0 else { throw ValidationError("There has to be at least one of everything.") }
    }

    func run() async throws {
        let directory = try DataDirectory(existing: place.directory)
        let settings = try place.settings(of: directory)
        let large = try place.room()
        var isGood = try await ColdState(settings: settings, room: large, rounds: rounds).measure()
        try await Homeserver.run(settings: settings, environment: .system()) { homeserver in
            var request = CreateRoomRequest()
            request.preset = .publicChat
            request.roomVersion = place.roomVersion
            let empty = try await homeserver.rooms.create(request, by: place.member)
            let costs = RoomCosts(homeserver: homeserver, place: place, empty: empty, large: large, rounds: rounds, count: count)
            isGood = try await costs.measureWriting() && isGood
            try await costs.measureReading()
            try costs.printIndexSize()
        }
        withExtendedLifetime(directory) {}
        if !isGood { throw ExitCode.failure }
    }
}

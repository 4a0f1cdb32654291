# Created by vrbench. To redraw the figure after a change, run in this folder:
#     gnuplot THIS-FILE
reset session
set encoding utf8
set datafile separator tab
set datafile missing NaN
set title 'scenario-1 (netns, packet): bridged, 64-byte packets — received packets, and CPU on the right' noenhanced
set border 3 lw 1
set tics nomirror out
set grid lc rgb '#C4C4C4' lw 0.6
set key outside bottom center horizontal height 1 noenhanced
data = 'scenario-1_bridged_64.dat'
unit = 1. # divisor of rates
set xlabel 'Transmitted (packets/s)'
set xrange [0:*]
set border 11
set y2label 'CPU (% of one CPU)'
set y2tics nomirror out
set y2range [0:100]
set ylabel 'Received (packets/s)'
set yrange [0:*]
set terminal svg size 900,575 dynamic font 'sans-serif,13' background rgb '#FFFFFF'
set output 'scenario-1_bridged_64_cpu.svg'
plot data index 0 using ($5/unit):($6/unit) with linespoints lc rgb '#0072B2' dt 1 lw 2 pt 7 ps 0.8 title 'NET0 received', \
     data index 1 using ($5/unit):($6/unit) with points lc rgb '#0072B2' pt 2 ps 1.2 lw 1.5 notitle, \
     NaN with points lc rgb '#000000' pt 2 ps 1.2 lw 1.5 title 'invalid point', \
     x with lines lc rgb '#777777' dt 3 lw 1.4 title 'no loss', \
     data index 0 using ($4/unit):($10) axes x1y2 with linespoints lc rgb '#E69F00' dt 3 lw 1.4 pt 4 ps 0.8 title 'host CPU', \
     data index 1 using ($4/unit):($10) axes x1y2 with points lc rgb '#E69F00' pt 2 ps 1.2 lw 1.5 notitle, \
     data index 0 using ($4/unit):($11) axes x1y2 with linespoints lc rgb '#009E73' dt 4 lw 1.4 pt 8 ps 0.8 title 'r1t3 CPU', \
     data index 1 using ($4/unit):($11) axes x1y2 with points lc rgb '#009E73' pt 2 ps 1.2 lw 1.5 notitle, \
     data index 0 using ($4/unit):($12) axes x1y2 with linespoints lc rgb '#000000' dt 5 lw 1.4 pt 12 ps 0.8 title 'total CPU', \
     data index 1 using ($4/unit):($12) axes x1y2 with points lc rgb '#000000' pt 2 ps 1.2 lw 1.5 notitle
set output 'scenario-1_bridged_64_cpu.png'
set terminal pngcairo size 1800,1150 font 'Sans,24' linewidth 2 pointscale 2 background rgb '#FFFFFF'
replot
set output 'scenario-1_bridged_64_cpu.pdf'
set terminal pdfcairo size 18cm,11.5cm font 'Sans,10' fontscale 0.75
replot
unset output
